// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeTest {
  private static final JsonMapper MAPPER = new JsonMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "true",
        "\"a \\u00e9 \\n\"",
        "-0",
        "1e400",
        "0.1",
        "2147483648",
        "9223372036854775808",
        "{\"a\": {\"b\": [1, 2.5, \"c\", null, false, {}]}, \"\": []}",
        " "
      })
  void treesAreThoseOfTheMapper(String text) throws IOException {
    assertEquals(MAPPER.readTree(text), JsonTree.read(text));
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    assertEquals(MAPPER.readTree(utf8), JsonTree.read(utf8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[1,",
        "{\"a\":",
        "{\"a\"}",
        "[1 2]",
        "NaN",
        "tru",
        "\"a",
        "{} {}",
        "1 2",
        "]",
        "{\"a\": 1, \"a\": 2}",
        "[{\"a\": {\"b\": 1, \"b\": 1}}]",
        "{a: 1}",
        "'a'",
        "/**/ 1"
      })
  void whatIsNotOneValueIsAnError(String text) {
    assertThrows(JsonProcessingException.class, () -> JsonTree.read(text));
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    assertThrows(JsonProcessingException.class, () -> JsonTree.read(utf8));
  }

  @Test
  void nestingIsBounded() {
    String deep = "[".repeat(1_000_000);
    Exception e = assertThrows(JsonProcessingException.class, () -> JsonTree.read(deep));
    assertTrue(e.getMessage().contains("depth"), e.getMessage());
  }
}
