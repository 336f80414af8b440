// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.bytedeco.javacpp.LongPointer;

/** Reads constructor arguments as torch.nn takes them: a number may stand for all dimensions. */
record LayerArgs(JsonNode json) {

  boolean has(String name) {
    return json != null && json.hasNonNull(name);
  }

  long number(String name) {
    if (!has(name)) {
      throw new IllegalArgumentException("argument '" + name + "' is missing in " + json);
    }
    return json.get(name).asLong();
  }

  long number(String name, long otherwise) {
    return has(name) ? json.get(name).asLong() : otherwise;
  }

  double real(String name, double otherwise) {
    return has(name) ? json.get(name).asDouble() : otherwise;
  }

  boolean flag(String name, boolean otherwise) {
    return has(name) ? json.get(name).asBoolean() : otherwise;
  }

  String text(String name, String otherwise) {
    return has(name) ? json.get(name).asText() : otherwise;
  }

  boolean isText(String name) {
    return has(name) && json.get(name).isTextual();
  }

  long[] numbers(String name, int dims, long otherwise) {
    long[] values = new long[dims];
    Arrays.fill(values, otherwise);
    if (has(name)) {
      JsonNode given = json.get(name);
      for (int i = 0; i < dims; i++) {
        values[i] = given.isArray() ? given.get(i).asLong() : given.asLong();
      }
    }
    return values;
  }

  long[] list(String name) {
    JsonNode given = json.get(name);
    if (!given.isArray()) {
      return new long[] {given.asLong()};
    }
    long[] values = new long[given.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = given.get(i).asLong();
    }
    return values;
  }

  LongPointer pointer(String name, int dims, long otherwise) {
    return new LongPointer(numbers(name, dims, otherwise));
  }

  void set(LongPointer target, String name, int dims) {
    if (has(name)) {
      long[] values = numbers(name, dims, 0);
      for (int i = 0; i < dims; i++) {
        target.put(i, values[i]);
      }
    }
  }
}
