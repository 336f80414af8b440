// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.octet.runtime.memory.NativeBlock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever is in a file, reading and running it ends in a result or in one of the documented
 * exceptions, and leaves no native memory behind.
 *
 * <p>As a test, each target runs on the inputs of its corpus in the test resources. To search for
 * new ones, run one target with {@code JAZZER_FUZZ=1} in the environment, for example {@code
 * JAZZER_FUZZ=1 mvn test -pl java/runtime -am -Dtest='ArtifactFuzzTest#program'}.
 */
class ArtifactFuzzTest {
  private static Path folder;
  private static Path original;
  private static Path altered;
  private static long blocksBefore;

  @BeforeAll
  static void writeOriginal() throws IOException {
    folder = Files.createTempDirectory("octet-fuzz");
    original = folder.resolve("original.octet");
    altered = folder.resolve("altered.octet");
    Alteration.everyKind(original);
    blocksBefore = NativeBlock.liveBlocks();
  }

  @AfterAll
  static void removeFiles() throws IOException {
    Files.deleteIfExists(altered);
    Files.deleteIfExists(original);
    Files.delete(folder);
  }

  /** The bytes are a whole file. */
  @FuzzTest(maxDuration = "10m")
  void file(byte[] bytes) throws IOException {
    Alteration.readsAndRuns(bytes, altered);
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  /** The bytes are the program's JSON in a file with right checksums. */
  @FuzzTest(maxDuration = "10m")
  void program(byte[] json) throws IOException {
    Alteration.rewrite(original, new String(json, StandardCharsets.UTF_8), altered);
    Alteration.readsAndRuns(altered);
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }
}
