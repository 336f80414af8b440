// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.benchmarks.startup.PeakMemory;
import dev.octet.benchmarks.startup.StartCommand;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import java.io.IOException;
import java.nio.file.Path;

/** Opens a model of sentence embeddings, runs it, and prints the process's peak memory. */
public final class MiniLmStart {
  private static final String ARTIFACT = ".octet";

  private MiniLmStart() {}

  /** Returns how processes of Octet start. */
  static StartCommand octet() {
    return StartCommand.octet(MiniLmStart.class);
  }

  /** Returns how processes of ONNX Runtime start. */
  static StartCommand onnxRuntime() {
    return StartCommand.onnxRuntime(MiniLmStart.class);
  }

  /**
   * Runs the model.
   *
   * @param args an artifact or an ONNX model, and the numbers of sentences, of tokens of each, of
   *     threads and of runs
   */
  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[0]);
    MiniLmTokens tokens = new MiniLmTokens(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    int threads = Integer.parseInt(args[3]);
    int runs = Integer.parseInt(args[4]);
    if (args[0].endsWith(ARTIFACT)) {
      SessionOptions options = SessionOptions.defaults().withThreads(threads);
      try (Session session = Session.open(model, options)) {
        repeat(tokens.run(session), runs);
      }
    } else {
      try (OnnxSession session = tokens.open(model, threads)) {
        repeat(session::run, runs);
      }
    }
    System.out.println(PeakMemory.kilobytes());
  }

  private static void repeat(Runnable run, int runs) {
    for (int i = 0; i < runs; i++) {
      run.run();
    }
  }
}
