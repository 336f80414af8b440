// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.runtime.json.JsonTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A JSON object that is read field by field; exceptions name its place. */
final class JsonObject {
  private static final int LONGEST_QUOTE = 80;

  /** What this is a field of, null for the outermost object. */
  private final JsonObject parent;

  /** The name of that field; of the outermost object, its place. */
  private final String name;

  /** This object's number in the list that the field is, or -1. */
  private final int index;

  private final Map<String, Object> fields;

  /**
   * Takes the outermost object.
   *
   * @param place what messages call it
   * @param value what {@link JsonTree} made of it
   * @throws ArtifactException if it is no object
   */
  JsonObject(String place, Object value) throws ArtifactException {
    this(null, place, -1, value);
  }

  private JsonObject(JsonObject parent, String name, int index, Object value)
      throws ArtifactException {
    this.parent = parent;
    this.name = name;
    this.index = index;
    this.fields = JsonTree.object(value);
    if (fields == null) {
      throw new ArtifactException(place() + " is " + quote(value) + "; expected an object");
    }
  }

  private String place() {
    String field = parent == null ? name : parent.place(name);
    return index < 0 ? field : field + "[" + index + "]";
  }

  private static String quote(Object value) {
    try {
      // Loaded for what is wrong alone.
      String text = new JsonMapper().writeValueAsString(value);
      return text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("what was read from JSON can't be written as JSON", e);
    }
  }

  private String quoteField(String field) {
    return has(field) ? quote(fields.get(field)) : "missing";
  }

  /** Returns the place of a field in the file. */
  String place(String field) {
    return place() + "." + field;
  }

  /** Returns an exception that begins with the place of a field. */
  ArtifactException error(String field, String what) {
    return new ArtifactException(place(field) + " " + what);
  }

  /** Checks that there are no other fields. */
  void allow(String... allowed) throws ArtifactException {
    List<String> names = List.of(allowed);
    for (String name : names()) {
      if (!names.contains(name)) {
        throw error(name, "is unknown; expected one of " + names);
      }
    }
  }

  Set<String> names() {
    return fields.keySet();
  }

  boolean has(String field) {
    return fields.containsKey(field);
  }

  String text(String field) throws ArtifactException {
    if (fields.get(field) instanceof String text) {
      return text;
    }
    throw error(field, "is " + quoteField(field) + "; expected a text");
  }

  int integer(String field) throws ArtifactException {
    if (fields.get(field) instanceof Long number && number == number.intValue()) {
      return number.intValue();
    }
    throw error(field, "is " + quoteField(field) + "; expected a whole number of 32 bits");
  }

  double real(String field) throws ArtifactException {
    if (fields.get(field) instanceof Number number) {
      return number.doubleValue();
    }
    throw error(field, "is " + quoteField(field) + "; expected a number");
  }

  JsonObject object(String field) throws ArtifactException {
    if (!has(field)) {
      throw error(field, "is missing; expected an object");
    }
    return new JsonObject(this, field, -1, fields.get(field));
  }

  List<?> array(String field) throws ArtifactException {
    if (fields.get(field) instanceof List<?> list) {
      return list;
    }
    throw error(field, "is " + quoteField(field) + "; expected a list");
  }

  List<JsonObject> objects(String field) throws ArtifactException {
    List<JsonObject> objects = new ArrayList<>();
    for (Object element : array(field)) {
      objects.add(new JsonObject(this, field, objects.size(), element));
    }
    return objects;
  }

  /** Returns a field as the value of an attribute. */
  Object attribute(String field) throws ArtifactException {
    Object value = fields.get(field);
    if (value instanceof String
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double) {
      return value;
    }
    if (value instanceof List<?> list) {
      for (Object element : list) {
        if (!(element instanceof Long)) {
          throw error(field, "holds " + quote(element) + "; expected whole numbers of 64 bits");
        }
      }
      return list;
    }
    throw error(
        field,
        "is "
            + quote(value)
            + "; expected a text, a truth value, a number or a list of whole"
            + " numbers");
  }
}
