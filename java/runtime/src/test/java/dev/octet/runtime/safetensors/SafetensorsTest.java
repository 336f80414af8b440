// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir Path folder;

  private static ByteBuffer floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return buffer.flip();
  }

  private Path write(String json, int dataBytes) throws IOException {
    byte[] header = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    return Files.write(folder.resolve("file.safetensors"), file.array());
  }

  @Test
  void readsWhatWasWritten() throws IOException {
    Path path = folder.resolve("a.safetensors");
    new SafetensorsWriter()
        .metadata("format", "pt")
        .add("w", SafetensorsDtype.F32, List.of(2L, 2L), floats(1, -2, 3.5f, Float.NaN))
        .add("none", SafetensorsDtype.I64, List.of(0L, 3L), ByteBuffer.allocate(0))
        .add("scalar", SafetensorsDtype.F32, List.of(), floats(7))
        .write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(List.of("w", "none", "scalar"), List.copyOf(file.names()));
      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(List.of(2L, 2L), file.info("w").shape());
      assertEquals(0, file.info("none").byteLength());
      ByteBuffer data = file.data("w");
      assertTrue(data.isReadOnly());
      assertEquals(floats(1, -2, 3.5f, Float.NaN), data.duplicate());
      assertEquals(7f, file.data("scalar").order(ByteOrder.LITTLE_ENDIAN).getFloat());
      assertThrows(IllegalArgumentException.class, () -> file.info("x"));
    }
    try (var files = Files.list(folder)) {
      assertEquals(Set.of(path), Set.copyOf(files.toList()), "no temporary file stays behind");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[]|0|not a JSON object",
        "{\"a\":|0|not valid JSON",
        "{\"a\":1,\"a\":2}|0|Duplicate field",
        "{\"a\":{\"dtype\":\"F8\",\"shape\":[],\"data_offsets\":[0,1]}}|1|dtype is \"F8\"",
        "{\"a\":{\"shape\":[],\"data_offsets\":[0,4]}}|4|dtype is missing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}|4|shape holds -1",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}|4|shape holds 1.5",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}|4|takes 8",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}|4|truncated",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}}|8|lie outside",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}|8|expected 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}|8|has 8 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[9223372036854775807,9],\"data_offsets\":[0,4]}}|4|too many",
        "{\"__metadata__\":{\"k\":1}}|0|not a string",
      })
  void refusesAlteredHeader(String json, int dataBytes, String words) throws IOException {
    Path path = write(json, dataBytes);
    String message =
        assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close())
            .getMessage();
    assertTrue(message.contains(words), message);
    assertTrue(message.contains("file.safetensors"), message);
  }

  @Test
  void refusesEveryTruncationAndSurvivesEveryFlippedByte() throws IOException {
    Path path = folder.resolve("b.safetensors");
    new SafetensorsWriter()
        .add("w", SafetensorsDtype.F32, List.of(3L), floats(1, 2, 3))
        .add("b", SafetensorsDtype.I8, List.of(2L), ByteBuffer.allocate(2))
        .write(path);
    byte[] whole = Files.readAllBytes(path);
    for (int length = 0; length < whole.length; length++) {
      Files.write(path, java.util.Arrays.copyOf(whole, length));
      assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(path).close());
    }
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      byte[] altered = whole.clone();
      altered[random.nextInt(altered.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(path, altered);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        for (String name : file.names()) {
          assertEquals(file.info(name).byteLength(), file.data(name).remaining());
        }
      } catch (SafetensorsException expected) {
        assertTrue(expected.getMessage().contains("b.safetensors"), expected.getMessage());
      }
    }
  }

  @Test
  void refusesBytesThatDoNotFitTheShape() {
    SafetensorsWriter writer = new SafetensorsWriter();
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("a", SafetensorsDtype.F32, List.of(2L), floats(1)));
    writer.add("a", SafetensorsDtype.F32, List.of(1L), floats(1));
    assertThrows(
        IllegalArgumentException.class,
        () -> writer.add("a", SafetensorsDtype.F32, List.of(1L), floats(1)));
  }
}
