// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that opens a model, runs it and ends: what starting costs, and how much memory it takes
 * at most.
 */
public final class MiniLmProcess {
  private static final String PEAK = "VmHWM:";
  private static final String SUFFIX = ".octet";

  private MiniLmProcess() {}

  /**
   * Runs a process to its end.
   *
   * @param model a file of either side
   * @param runs how often it is run
   * @return the most memory that was resident, in MB; NaN where the system does not tell
   */
  static double run(Path model, MiniLmTokens tokens, int threads, int runs) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            MiniLmProcess.class.getName(),
            model.toString(),
            Integer.toString(tokens.batch()),
            Integer.toString(tokens.tokens()),
            Integer.toString(threads),
            Integer.toString(runs));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      if (status != 0) {
        throw new IllegalStateException("a process for " + model + " ended with " + status);
      }
      return Double.parseDouble(output.strip());
    } catch (IOException e) {
      throw new IllegalStateException("a process for " + model + " can't be run", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a process ran", e);
    }
  }

  /** Takes a model, batch, tokens, threads and runs; prints the peak of resident memory in MB. */
  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[0]);
    MiniLmTokens tokens = new MiniLmTokens(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
    int threads = Integer.parseInt(args[3]);
    int runs = Integer.parseInt(args[4]);
    if (model.toString().endsWith(SUFFIX)) {
      SessionOptions options = SessionOptions.defaults().withThreads(threads);
      try (Session session = Session.open(model, options)) {
        repeat(tokens.run(session), runs);
      }
    } else {
      try (OnnxSession session = tokens.open(model, threads)) {
        repeat(session::run, runs);
      }
    }
    System.out.println(peak());
  }

  private static void repeat(Runnable run, int runs) {
    for (int i = 0; i < runs; i++) {
      run.run();
    }
  }

  private static double peak() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return Double.NaN;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(PEAK)) {
        return Double.parseDouble(line.substring(PEAK.length()).replace("kB", "").strip()) / 1024;
      }
    }
    return Double.NaN;
  }
}
