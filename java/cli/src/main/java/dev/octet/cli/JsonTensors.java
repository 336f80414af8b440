// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads tensors that are written as nested arrays of numbers. */
final class JsonTensors {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private JsonTensors() {}

  /** Reads a file. */
  static JsonNode read(Path file) throws IOException {
    try {
      JsonNode root = MAPPER.readTree(Files.readAllBytes(file));
      if (root.isArray() || root.isObject() || root.isNumber() || root.isBoolean()) {
        return root;
      }
      throw new IllegalArgumentException(
          file + " has neither arrays of numbers nor an object of them");
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file
              + ":"
              + e.getLocation().getLineNr()
              + ":"
              + e.getLocation().getColumnNr()
              + ": "
              + e.getOriginalMessage(),
          e);
    }
  }

  /**
   * Makes an input of nested arrays, whose depth is its rank.
   *
   * @param where what to name in an error
   * @throws IllegalArgumentException if arrays have different lengths, or an element is none that
   *     the input's type has
   */
  static HostTensor tensor(Value input, JsonNode arrays, String where) {
    List<Long> sizes = new ArrayList<>();
    JsonNode first = arrays;
    for (; first != null && first.isArray(); first = first.get(0)) {
      sizes.add((long) first.size());
    }
    // An array without elements does not say how deep it would be.
    while (first == null && sizes.size() < input.shape().rank()) {
      var size = input.shape().get(sizes.size());
      sizes.add(size.isFixed() ? size.value() : 0);
    }
    long[] shape = sizes.stream().mapToLong(Long::longValue).toArray();
    HostTensor tensor = HostTensor.allocate(input.name(), input.type(), shape);
    int filled = fill(tensor, arrays, 0, 0, where);
    if (filled != tensor.count()) {
      throw new IllegalArgumentException(
          where + ": input '" + input.name() + "' has " + filled + " elements in arrays " + sizes);
    }
    return tensor;
  }

  private static int fill(HostTensor tensor, JsonNode node, int depth, int at, String where) {
    long[] shape = tensor.shape();
    if (depth == shape.length) {
      put(tensor, at, node, where);
      return at + 1;
    }
    if (!node.isArray() || node.size() != shape[depth]) {
      throw new IllegalArgumentException(
          where
              + ": input '"
              + tensor.name()
              + "' has "
              + (node.isArray() ? "an array of " + node.size() : node.toString())
              + " at depth "
              + depth
              + ", expected an array of "
              + shape[depth]
              + " as its first one");
    }
    int next = at;
    for (JsonNode child : node) {
      next = fill(tensor, child, depth + 1, next, where);
    }
    return next;
  }

  private static void put(HostTensor tensor, int at, JsonNode node, String where) {
    if (tensor.type().isFloat() && node.isNumber()) {
      tensor.putFloat(at, node.floatValue());
      return;
    }
    boolean fits = !tensor.type().isFloat() && (node.isBoolean() || node.canConvertToLong());
    long value = node.isBoolean() ? (node.booleanValue() ? 1 : 0) : node.asLong();
    if (!fits
        || node.isFloatingPointNumber() && node.doubleValue() != value
        || value < HostTensor.least(tensor.type())
        || value > HostTensor.greatest(tensor.type())) {
      throw new IllegalArgumentException(
          where
              + ": input '"
              + tensor.name()
              + "' has the element "
              + node
              + ", expected one of type "
              + tensor.type());
    }
    tensor.putLong(at, value);
  }
}
