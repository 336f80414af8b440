// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        "0.1",
        "2147483648",
        "9223372036854775808",
        "{\"a\": {\"b\": [1, 2.5, \"c\", null, false, {}]}, \"\": []}"
      })
  void valuesAreThoseOfTheMapper(String text) throws IOException {
    Object value = JsonTree.read(utf8(text));
    assertEquals(MAPPER.readTree(text), MAPPER.readTree(MAPPER.writeValueAsString(value)));
  }

  @Test
  void typesAreThoseOfTheNumbers() throws IOException {
    List<Object> expected = new ArrayList<>();
    expected.addAll(List.of(1L, 1L << 31, new BigInteger("9223372036854775808"), 0.5, 1e30, true));
    expected.add(Double.POSITIVE_INFINITY);
    expected.add(null);
    String text = "[1, 2147483648, 9223372036854775808, 0.5, 1e30, true, 1e400, null]";
    assertEquals(expected, JsonTree.read(utf8(text)));
  }

  @Test
  void blanksAreNothing() throws IOException {
    assertNull(JsonTree.read(utf8(" \n")));
    assertNull(JsonTree.read(new byte[0]));
  }

  @Test
  void onlyObjectsAreObjects() throws IOException {
    assertEquals(Map.of("a", 1L), JsonTree.object(JsonTree.read(utf8("{\"a\": 1}"))));
    assertNull(JsonTree.object(JsonTree.read(utf8("[]"))));
    assertNull(JsonTree.object(null));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
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
    assertThrows(JsonProcessingException.class, () -> JsonTree.read(utf8(text)));
  }

  @Test
  void nestingIsBounded() {
    String deep = "[".repeat(1_000_000);
    Exception e = assertThrows(JsonProcessingException.class, () -> JsonTree.read(utf8(deep)));
    assertTrue(e.getMessage().contains("depth"), e.getMessage());
  }
}
