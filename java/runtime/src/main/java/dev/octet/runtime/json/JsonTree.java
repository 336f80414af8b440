// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads JSON into maps, lists, {@link String}, {@link Long} or {@link java.math.BigInteger}, {@link
 * Double}, {@link Boolean} and null, strictly: a name that an object has twice, or something after
 * the value, is an error, and nesting, names and numbers are as long as Jackson's stream
 * constraints allow.
 *
 * <p>Values are built from the parser's tokens, of bytes alone. An {@code ObjectMapper} loads and
 * initializes some 400 classes first, which took half of the time from the start of a process to
 * its first result; tree nodes and the parser of characters are 60 more.
 */
public final class JsonTree {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private JsonTree() {}

  /**
   * Reads UTF-8.
   *
   * @return the value; null if there are blanks only
   * @throws com.fasterxml.jackson.core.JsonProcessingException if it is not one value of JSON
   */
  public static Object read(byte[] utf8) throws IOException {
    try (JsonParser parser = FACTORY.createParser(utf8)) {
      if (parser.nextToken() == null) {
        return null;
      }
      Object value = value(parser);
      JsonToken next = parser.nextToken();
      if (next != null) {
        throw new JsonParseException(
            parser, "expected nothing after the value, but there is " + next);
      }
      return value;
    }
  }

  /** Returns a value that was read as the fields of an object, in order; null if it is none. */
  @SuppressWarnings("unchecked") // read() makes no other maps
  public static Map<String, Object> object(Object value) {
    return value instanceof Map ? (Map<String, Object>) value : null;
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? parser.getBigIntegerValue()
              : (Object) parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new JsonParseException(parser, "expected a value");
    };
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      object.put(name, value(parser));
    }
    return object;
  }

  private static List<Object> array(JsonParser parser) throws IOException {
    List<Object> array = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      array.add(value(parser));
    }
    return array;
  }
}
