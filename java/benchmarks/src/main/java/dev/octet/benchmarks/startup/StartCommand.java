// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Starts JVMs like this one, with the class path that a library needs and no other jars.
 *
 * @param main a class that prints the kilobytes of its peak memory when it has its result; its
 *     first argument is the file that it opens
 * @param classPath where its classes are
 * @param options of the JVM
 */
public record StartCommand(Class<?> main, String classPath, List<String> options) {
  /** A process with Octet's runtime. */
  public static StartCommand octet(Class<?> main) {
    return new StartCommand(main, StartClassPath.octet(main), List.of());
  }

  /** A process with ONNX Runtime. */
  public static StartCommand onnxRuntime(Class<?> main) {
    return new StartCommand(main, StartClassPath.onnxRuntime(main), List.of());
  }

  /** Tells whether the JVM can archive classes: it does so with those from jars only. */
  public boolean canArchive() {
    for (String entry : classPath.split(File.pathSeparator)) {
      if (Files.isDirectory(Path.of(entry))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Runs once to write the data of the classes that are used to a file.
   *
   * @return a command that starts with these data
   */
  public StartCommand archived(Path archive, Path model, int... numbers) {
    with("-XX:ArchiveClassesAtExit=" + archive).run(model, numbers);
    return with("-XX:SharedArchiveFile=" + archive);
  }

  private StartCommand with(String option) {
    // The JVM would report classes that it can't archive among what the process prints.
    return new StartCommand(main, classPath, List.of("-Xlog:disable", option));
  }

  /**
   * Runs a process to its end.
   *
   * @param model the file that it opens
   * @param numbers its further arguments
   * @throws IllegalStateException if it fails; the message has what it printed
   */
  public ColdStart run(Path model, int... numbers) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath, main.getName(), model.toString()));
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
