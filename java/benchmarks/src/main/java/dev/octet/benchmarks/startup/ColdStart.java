// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a process of its own cost up to its first result.
 *
 * @param millis from before it was started until it printed, in milliseconds
 * @param peakMegabytes the most memory that it had resident, in millions of bytes
 */
public record ColdStart(double millis, double peakMegabytes) {

  /**
   * Starts a JVM like this one.
   *
   * @param main {@link OctetStart}, {@link OnnxStart} or another class that prints the kilobytes of
   *     its peak memory when it has its result
   * @param model the file that it opens, its first argument
   * @param numbers its further arguments
   * @throws IllegalStateException if it fails; the message has what it printed
   */
  public static ColdStart of(Class<?> main, Path model, int... numbers) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(main.getName(), model.toString()));
    IntStream.of(numbers).mapToObj(Integer::toString).forEach(command::add);
    try {
      long start = System.nanoTime();
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
        StringBuilder printed = new StringBuilder();
        double millis = 0;
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          if (millis == 0 && line.matches("[0-9]+")) {
            millis = (System.nanoTime() - start) / 1e6;
            printed.setLength(0);
          }
          printed.append(line);
        }
        if (process.waitFor() != 0 || millis == 0) {
          throw new IllegalStateException(main.getName() + " failed: " + printed);
        }
        return new ColdStart(millis, Long.parseLong(printed.toString()) * 1024 / 1e6);
      } finally {
        process.destroy();
      }
    } catch (IOException e) {
      throw new IllegalStateException(main.getName() + " could not be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + main.getName() + " ran", e);
    }
  }
}
