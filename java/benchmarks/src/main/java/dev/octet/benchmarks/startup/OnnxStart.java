// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;

/** Opens an ONNX model, runs it once on an image, and prints the process's peak memory. */
public final class OnnxStart {
  private OnnxStart() {}

  /**
   * Runs the program.
   *
   * @param args the model, and height and width of the image
   */
  public static void main(String[] args) throws IOException, OrtException {
    int size = Integer.parseInt(args[1]);
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] shape = {1, 3, size, size};
    try (OrtSession session = environment.createSession(args[0]);
        OnnxTensor image =
            OnnxTensor.createTensor(environment, FloatBuffer.allocate(3 * size * size), shape);
        OrtSession.Result result = session.run(Map.of("x", image))) {
      float[][] scores = (float[][]) result.get(0).getValue();
      if (scores[0].length == 0) {
        throw new IllegalStateException("there are no scores");
      }
    }
    System.out.println(PeakMemory.kilobytes());
  }
}
