// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.List;

/**
 * Finds where in a document a field stands. Jackson's own location of a mapping error is where its
 * reader had come to, which may be lines behind the field.
 */
final class FieldLocator {
  private static final JsonFactory FACTORY = new JsonFactory();

  private FieldLocator() {}

  /**
   * Returns the place of the field that a path names or, where the document does not have it, of the
   * innermost one around it; null if there is none or the document is not well-formed up to there.
   *
   * @param path names of fields and, for elements of arrays, their indices in brackets
   */
  static JsonLocation find(String json, List<String> path) {
    JsonLocation found = null;
    try (JsonParser parser = FACTORY.createParser(json)) {
      parser.nextToken();
      for (String name : path) {
        JsonLocation next = descend(parser, name);
        if (next == null) {
          return found;
        }
        found = next;
      }
    } catch (IOException notWellFormed) {
      return found;
    }
    return found;
  }

  /** Moves from the start of an object or array to the value of one of its fields or elements. */
  private static JsonLocation descend(JsonParser parser, String name) throws IOException {
    boolean array = parser.currentToken() == JsonToken.START_ARRAY;
    if (!array && parser.currentToken() != JsonToken.START_OBJECT) {
      return null;
    }
    for (int index = 0; ; index++) {
      JsonToken token = parser.nextToken();
      if (token == null || token.isStructEnd()) {
        return null;
      }
      JsonLocation location = parser.currentTokenLocation();
      String current = array ? "[" + index + "]" : parser.currentName();
      if (!array) {
        parser.nextToken();
      }
      if (current.equals(name)) {
        return location;
      }
      parser.skipChildren();
    }
  }
}
