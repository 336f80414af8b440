// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.runtime.type.InvalidProgramException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** A JSON object that is read field by field; exceptions name its place. */
final class JsonObject {
  private static final int LONGEST_QUOTE = 80;

  private final String place;
  private final JsonNode node;

  JsonObject(String place, JsonNode node) throws ArtifactException {
    this.place = place;
    this.node = node;
    if (node == null || !node.isObject()) {
      throw new ArtifactException(place + " is " + quote(node) + "; expected an object");
    }
  }

  private static String quote(JsonNode node) {
    String text = node == null ? "missing" : node.toString();
    return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
  }

  /** Returns an exception that begins with the place of a field. */
  ArtifactException error(String field, String what) {
    return new ArtifactException(place + "." + field + " " + what);
  }

  /** Checks that there are no other fields. */
  void allow(String... fields) throws ArtifactException {
    Set<String> allowed = Set.of(fields);
    for (String name : names()) {
      if (!allowed.contains(name)) {
        throw error(name, "is unknown; expected one of " + List.of(fields));
      }
    }
  }

  List<String> names() {
    List<String> names = new ArrayList<>();
    for (Iterator<String> all = node.fieldNames(); all.hasNext(); ) {
      names.add(all.next());
    }
    return names;
  }

  boolean has(String field) {
    return node.has(field);
  }

  String text(String field) throws ArtifactException {
    JsonNode value = node.get(field);
    if (value == null || !value.isTextual()) {
      throw error(field, "is " + quote(value) + "; expected a text");
    }
    return value.textValue();
  }

  int integer(String field) throws ArtifactException {
    JsonNode value = node.get(field);
    if (value == null || !value.isIntegralNumber() || !value.canConvertToInt()) {
      throw error(field, "is " + quote(value) + "; expected a whole number of 32 bits");
    }
    return value.intValue();
  }

  double real(String field) throws ArtifactException {
    JsonNode value = node.get(field);
    if (value == null || !value.isNumber()) {
      throw error(field, "is " + quote(value) + "; expected a number");
    }
    return value.doubleValue();
  }

  JsonObject object(String field) throws ArtifactException {
    return new JsonObject(place + "." + field, node.get(field));
  }

  JsonNode array(String field) throws ArtifactException {
    JsonNode value = node.get(field);
    if (value == null || !value.isArray()) {
      throw error(field, "is " + quote(value) + "; expected a list");
    }
    return value;
  }

  List<JsonObject> objects(String field) throws ArtifactException {
    List<JsonObject> objects = new ArrayList<>();
    for (JsonNode element : array(field)) {
      objects.add(new JsonObject(place + "." + field + "[" + objects.size() + "]", element));
    }
    return objects;
  }

  /** Returns a field as the value of an attribute. */
  Object attribute(String field) throws ArtifactException {
    JsonNode value = node.get(field);
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isFloatingPointNumber()) {
      return value.doubleValue();
    }
    if (value.isArray()) {
      List<Long> numbers = new ArrayList<>();
      for (JsonNode element : value) {
        if (!element.isIntegralNumber() || !element.canConvertToLong()) {
          throw error(field, "holds " + quote(element) + "; expected whole numbers of 64 bits");
        }
        numbers.add(element.longValue());
      }
      return numbers;
    }
    throw error(
        field,
        "is "
            + quote(value)
            + "; expected a text, a truth value, a number or a list of whole"
            + " numbers");
  }

  /** Builds a part of the program; what the builder complains of gets the place of a field. */
  <T> T checked(String field, Supplier<T> part) throws ArtifactException {
    try {
      return part.get();
    } catch (InvalidProgramException e) {
      throw new ArtifactException(place + "." + field + ": " + e.getMessage(), e);
    }
  }
}
