// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Opens an artifact, runs it once on an image, and prints the process's peak memory. */
public final class OctetStart {
  private OctetStart() {}

  /**
   * Runs the program.
   *
   * @param args the artifact, and height and width of the image
   */
  public static void main(String[] args) throws IOException {
    int size = Integer.parseInt(args[1]);
    try (Session session = Session.open(Path.of(args[0]))) {
      TensorData image = TensorData.of(new float[3 * size * size], 1, 3, size, size);
      float[] scores = session.run(Map.of("x", image)).get("output").floats();
      if (scores.length == 0) {
        throw new IllegalStateException("there are no scores");
      }
    }
    System.out.println(PeakMemory.kilobytes());
  }
}
