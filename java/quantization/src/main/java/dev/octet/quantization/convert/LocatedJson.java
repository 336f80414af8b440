// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A JSON value that knows where in the document it stands, so that whoever reads it can say so.
 *
 * <p>What a value is, is asked by the methods that return it as something; they throw where it is
 * something else.
 */
final class LocatedJson {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String source;
  private final String field;
  private final JsonLocation location;
  private final Object value;

  private LocatedJson(String source, String field, JsonLocation location, Object value) {
    this.source = source;
    this.field = field;
    this.location = location;
    this.value = value;
  }

  /** Reads a document of one value. */
  static LocatedJson parse(String json, String source) throws QuantizationMapException {
    try (JsonParser parser = FACTORY.createParser(json)) {
      try {
        if (parser.nextToken() == null) {
          throw at(source, "", parser.currentTokenLocation(), "is empty, expected an object");
        }
        LocatedJson root = value(parser, source, "");
        if (parser.nextToken() != null) {
          throw at(
              source,
              "",
              parser.currentTokenLocation(),
              "something follows the end of the document");
        }
        return root;
      } catch (JsonProcessingException e) {
        String words = e.getOriginalMessage().replace('\n', ' ');
        throw at(source, "", e.getLocation(), words);
      }
    } catch (QuantizationMapException e) {
      throw e;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static LocatedJson value(JsonParser parser, String source, String field)
      throws IOException {
    JsonLocation location = parser.currentTokenLocation();
    Object value =
        switch (parser.currentToken()) {
          case START_OBJECT -> members(parser, source, field);
          case START_ARRAY -> elements(parser, source, field);
          case VALUE_STRING -> parser.getText();
          case VALUE_NUMBER_INT -> parser.getBigIntegerValue();
          case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
          case VALUE_TRUE -> true;
          case VALUE_FALSE -> false;
          default -> null;
        };
    return new LocatedJson(source, field, location, value);
  }

  private static Map<String, LocatedJson> members(JsonParser parser, String source, String field)
      throws IOException {
    Map<String, LocatedJson> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value(parser, source, field.isEmpty() ? name : field + "." + name));
    }
    return members;
  }

  private static List<LocatedJson> elements(JsonParser parser, String source, String field)
      throws IOException {
    List<LocatedJson> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser, source, field + "[" + elements.size() + "]"));
    }
    return elements;
  }

  /** Says that something is wrong with this value. */
  QuantizationMapException wrong(String words) {
    return at(source, field, location, words);
  }

  private static QuantizationMapException at(
      String source, String field, JsonLocation location, String words) {
    return new QuantizationMapException(
        source
            + ":"
            + location.getLineNr()
            + ":"
            + location.getColumnNr()
            + ": "
            + (field.isEmpty() ? "" : field + ": ")
            + words,
        location.getLineNr(),
        field);
  }

  private QuantizationMapException wrongType(String expected) {
    String found =
        value == null
            ? "null"
            : value instanceof Map ? "an object" : value instanceof List ? "an array" : text();
    return wrong("is " + found + ", expected " + expected);
  }

  private String text() {
    return value instanceof String ? "'" + value + "'" : String.valueOf(value);
  }

  boolean isNull() {
    return value == null;
  }

  /** Returns the members of an object, which may have any names. */
  Map<String, LocatedJson> members() throws QuantizationMapException {
    return members("an object");
  }

  @SuppressWarnings("unchecked")
  private Map<String, LocatedJson> members(String expected) throws QuantizationMapException {
    if (!(value instanceof Map)) {
      throw wrongType(expected);
    }
    return (Map<String, LocatedJson>) value;
  }

  /** Returns the members of an object that may have these names alone. */
  Map<String, LocatedJson> membersOf(List<String> names) throws QuantizationMapException {
    String expected = "an object with the fields " + new TreeSet<>(names);
    Map<String, LocatedJson> members = members(expected);
    for (Map.Entry<String, LocatedJson> member : members.entrySet()) {
      if (!names.contains(member.getKey())) {
        throw member.getValue().wrong("unknown field, expected one of " + new TreeSet<>(names));
      }
    }
    return members;
  }

  /** Returns the member of that name, which an object must have. */
  LocatedJson required(String name) throws QuantizationMapException {
    LocatedJson member = members().get(name);
    if (member == null) {
      throw wrong(name + " is missing");
    }
    return member;
  }

  @SuppressWarnings("unchecked")
  List<LocatedJson> elements() throws QuantizationMapException {
    if (!(value instanceof List)) {
      throw wrongType("an array");
    }
    return (List<LocatedJson>) value;
  }

  String string(String expected) throws QuantizationMapException {
    if (!(value instanceof String string)) {
      throw wrongType(expected);
    }
    return string;
  }

  boolean bool() throws QuantizationMapException {
    if (!(value instanceof Boolean bool)) {
      throw wrongType("true or false");
    }
    return bool;
  }

  int integer() throws QuantizationMapException {
    if (!(value instanceof BigInteger number) || number.bitLength() >= Integer.SIZE) {
      throw wrongType("a whole number of 32 bits");
    }
    return number.intValue();
  }

  double number() throws QuantizationMapException {
    if (!(value instanceof Number number)) {
      throw wrongType("a number");
    }
    return number.doubleValue();
  }
}
