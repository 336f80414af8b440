// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.ThreadMXBean;
import dev.octet.runtime.memory.NativeBlock;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that were made to do harm: they are refused in words, and take neither time nor memory out
 * of proportion to their size.
 */
@Timeout(60)
class HostileArtifactTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final long MOST_ALLOCATED = 16L << 20;

  /** Of a header there are its bytes, its text as the parser grows it, and the program's text. */
  private static final long COPIES = 8;

  @TempDir Path folder;

  private final long blocksBefore = NativeBlock.liveBlocks();

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  /** Writes a file of a header and some data. */
  private Path file(long headerLength, String header, int dataBytes) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(headerLength).put(json);
    Path path = folder.resolve("hostile.octet");
    Files.write(path, bytes.array());
    return path;
  }

  private Path file(String header, int dataBytes) throws IOException {
    return file(header.getBytes(StandardCharsets.UTF_8).length, header, dataBytes);
  }

  /** Reads a file that must be refused, with little memory. */
  private static String refusal(Path path) throws IOException {
    ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    long before = threads.getCurrentThreadAllocatedBytes();
    String message = assertThrows(ArtifactException.class, () -> Artifact.read(path)).getMessage();
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(
        allocated < MOST_ALLOCATED + COPIES * Files.size(path),
        allocated + " bytes were allocated: " + message);
    assertTrue(message.startsWith(path.toString()), message);
    assertTrue(message.length() < 1000, "a message of " + message.length() + " characters");
    return message;
  }

  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 31, 1L << 32, 99_999_999, 3_000})
  void headersThatSayTheyAreLarge(long length) throws IOException {
    String message = refusal(file(length, "{}", 100));
    assertTrue(message.contains("header length"), message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,9223372036854775807]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[9223372036854775800,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2,-2],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551620],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4e0],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16,32]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}",
        "{\"a\":16}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
        "[]",
        "null",
        "{} {}",
        "{\"__metadata__\":{\"a\":1}}",
        "{\"__metadata__\":[]}"
      })
  void headersThatLie(String header) throws IOException {
    refusal(file(header, 16));
  }

  @Test
  void namesThatComeTwice() throws IOException {
    String tensor = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}";
    String twice =
        "{\"a\":" + String.format(tensor, 0, 8) + ",\"a\":" + String.format(tensor, 8, 16) + "}";
    assertTrue(refusal(file(twice, 16)).contains("a"));
    String metadata = "{\"__metadata__\":{\"format\":\"octet\",\"format\":\"x\"}}";
    assertTrue(refusal(file(metadata, 0)).contains("format"));
    Path original = folder.resolve("a.octet");
    String program = Alteration.everyKind(original);
    for (String field : new String[] {"inputs", "outputs", "checksums"}) {
      String more = program.substring(0, program.length() - 1) + ",\"" + field + "\":{}}";
      assertTrue(refusal(rewritten(more)).contains(field));
    }
  }

  private Path rewritten(String program) throws IOException {
    Path original = folder.resolve("a.octet");
    if (!Files.exists(original)) {
      Alteration.everyKind(original);
    }
    Path altered = folder.resolve("b.octet");
    Alteration.rewrite(original, program, altered);
    return altered;
  }

  @ParameterizedTest
  @ValueSource(ints = {900, 100_000, 5_000_000})
  void nestingWithoutAnEnd(int depth) throws IOException {
    String lists = "[".repeat(depth) + "]".repeat(depth);
    refusal(file("{\"a\":" + lists + "}", 0));
    refusal(file("{\"__metadata__\":{\"format\":" + lists + "}}", 0));
    refusal(rewritten("{\"operations\":" + lists + "}"));
    refusal(rewritten(lists));
    String objects = "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
    refusal(rewritten(objects));
    refusal(rewritten("[".repeat(depth)));
  }

  @Test
  void numbersWithoutAnEnd() throws IOException {
    Path original = folder.resolve("a.octet");
    String program = Alteration.everyKind(original);
    String digits = "9".repeat(1_000_000);
    for (String number : new String[] {digits, "-" + digits, "0." + digits, "1e" + digits}) {
      refusal(rewritten(program.replaceFirst("\"version\":1", "\"version\":" + number)));
      refusal(rewritten(program.replaceFirst("\"int_max\":\\d+", "\"int_max\":" + number)));
    }
    refusal(rewritten(program.replaceFirst("\"version\":1", "\"version\":1e2147483647")));
  }

  @Test
  void longNamesAreCutInMessages() throws IOException {
    Path original = folder.resolve("a.octet");
    String name = "n".repeat(1_000_000);
    String program =
        Alteration.everyKind(original).replace("\"kind\":\"softmax\"", "\"kind\":\"" + name + "\"");
    String message =
        assertThrows(ArtifactException.class, () -> Artifact.read(rewritten(program))).getMessage();
    assertTrue(message.length() < 1_000, "a message of " + message.length() + " characters");
  }

  private boolean runs(Consumer<ObjectNode> alteration) throws IOException {
    Path original = folder.resolve("a.octet");
    ObjectNode root = (ObjectNode) JSON.readTree(Alteration.everyKind(original));
    alteration.accept(root);
    return Alteration.readsAndRuns(rewritten(root.toString()));
  }

  private static ObjectNode operation(ObjectNode root, String kind) {
    for (var node : root.get("operations")) {
      if (node.get("kind").asText().equals(kind)) {
        return (ObjectNode) node;
      }
    }
    throw new IllegalStateException(kind);
  }

  /** Sizes that no machine has: refused when read or when planned, not tried. */
  @Test
  void programsThatWouldTakeAllMemory() throws IOException {
    for (long size : new long[] {1L << 31, 1L << 40, 1L << 62, Long.MAX_VALUE}) {
      assertFalse(
          runs(root -> ((ArrayNode) root.get("inputs").get(0).get("shape")).insert(1, size)));
      assertFalse(
          runs(
              root ->
                  ((ObjectNode) operation(root, "max_pool2d").get("attributes"))
                      .putArray("padding")
                      .add(size)
                      .add(size)
                      .add(size)
                      .add(size)));
      assertFalse(
          runs(
              root ->
                  ((ObjectNode) operation(root, "conv2d").get("attributes"))
                      .putArray("padding")
                      .add(size)
                      .add(size)
                      .add(size)
                      .add(size)));
      assertFalse(
          runs(
              root ->
                  ((ObjectNode) operation(root, "reshape").get("attributes"))
                      .putArray("shape")
                      .add(size)
                      .add(-1)));
    }
    assertFalse(
        runs(
            root -> {
              ArrayNode padding =
                  ((ObjectNode) operation(root, "conv2d").get("attributes")).putArray("padding");
              for (int i = 0; i < 4; i++) {
                padding.add(1 << 20);
              }
            }));
  }

  /** A chain of operations that each double their input. */
  @Test
  void programsThatGrow() throws IOException {
    assertFalse(
        runs(
            root -> {
              ArrayNode operations = (ArrayNode) root.get("operations");
              ObjectNode concat = operation(root, "concat");
              String last = concat.get("outputs").get("out").get("name").asText();
              for (int i = 0; i < 60; i++) {
                ObjectNode twice = concat.deepCopy();
                ((ObjectNode) twice.get("inputs")).put("x0", last).put("x1", last);
                last = "twice" + i;
                ((ObjectNode) twice.get("outputs").get("out")).put("name", last);
                operations.add(twice);
              }
              ((ObjectNode) root.get("outputs")).put("grown", last);
            }));
  }

  @Test
  void operationsWithoutNumber() throws IOException {
    Path original = folder.resolve("a.octet");
    ObjectNode root = (ObjectNode) JSON.readTree(Alteration.everyKind(original));
    ArrayNode operations = (ArrayNode) root.get("operations");
    ObjectNode first = (ObjectNode) operations.get(0);
    for (int i = 0; i < 20_000; i++) {
      ObjectNode copy = first.deepCopy();
      ((ObjectNode) copy.get("outputs").get("out")).put("name", "copy" + i);
      operations.add(copy);
    }
    // They are allowed, and what nobody uses takes no memory for long.
    Artifact.read(rewritten(root.toString()));
    ((ObjectNode) operations.get(operations.size() - 1).get("outputs").get("out"))
        .put("name", "copy0");
    assertTrue(
        assertThrows(ArtifactException.class, () -> Artifact.read(rewritten(root.toString())))
            .getMessage()
            .contains("copy0"));
  }
}
