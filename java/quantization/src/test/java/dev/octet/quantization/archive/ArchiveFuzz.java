// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Changes archives at random, and gives those that {@link ArchiveGuard} lets pass to libtorch in
 * another process.
 */
final class ArchiveFuzz {
  private static final long LIMIT_SECONDS = 60;

  private final Path folder;
  private final List<String> failures = new ArrayList<>();
  private final Map<String, Integer> outcomes = new TreeMap<>();

  /** Files that are found wanting are kept in a folder. */
  ArchiveFuzz(Path folder) {
    this.folder = folder;
  }

  /**
   * Files that passed the guard and crashed or hung libtorch, or that the guard itself broke on.
   */
  List<String> failures() {
    return failures;
  }

  /** How many files came to which end. */
  Map<String, Integer> outcomes() {
    return outcomes;
  }

  /** Runs changed versions of archives, a number of each. */
  void run(List<Path> archives, long seed, int rounds) throws IOException, InterruptedException {
    List<TorchZip> whole = new ArrayList<>();
    for (Path archive : archives) {
      whole.add(TorchZip.read(archive));
    }
    try (LoadingChild child = new LoadingChild(LIMIT_SECONDS)) {
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < whole.size(); i++) {
          Random random = new Random(31 * (31 * seed + round) + i);
          byte[] changed = ArchiveMutator.mutate(whole.get(i), random);
          String name = "seed" + seed + "-round" + round + "-" + archives.get(i).getFileName();
          String outcome = run(Files.write(folder.resolve(name), changed), child);
          outcomes.merge(outcome.split(":")[0], 1, Integer::sum);
        }
      }
    }
  }

  private String run(Path file, LoadingChild child) throws IOException, InterruptedException {
    try {
      ArchiveGuard.check(file);
    } catch (ModelFileException e) {
      Files.delete(file);
      return "guarded";
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      failures.add(file + ": the guard failed with " + e);
      return "guard failed";
    }
    String outcome = child.load(file);
    if (outcome.equals("crashed") || outcome.equals("hung")) {
      failures.add(file + ": libtorch " + outcome);
    } else {
      Files.delete(file);
    }
    return outcome;
  }

  /** Runs on and on: FOLDER SEED ROUNDS ARCHIVE... */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<Path> archives = new ArrayList<>();
    for (int i = 3; i < arguments.length; i++) {
      archives.add(Path.of(arguments[i]));
    }
    ArchiveFuzz fuzz = new ArchiveFuzz(Path.of(arguments[0]));
    fuzz.run(archives, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2]));
    System.out.println(fuzz.outcomes());
    fuzz.failures().forEach(System.out::println);
  }
}
