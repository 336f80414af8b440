// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.CopyContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;

/**
 * Ownership of the values of a run: tensors, constants, immutable lists of values (TorchScript's
 * tuples), and native handles of lists, dicts and other objects that operators can change.
 */
final class Values {

  private Values() {}

  /** A handle that the caller owns, of the same value. */
  static Object secondHandle(Object value) {
    if (value instanceof Tensor tensor) {
      return new Tensor(tensor);
    }
    if (value instanceof IValue other) {
      return new IValue(other);
    }
    if (value instanceof List<?> items) {
      List<Object> handles = new ArrayList<>(items.size());
      items.forEach(item -> handles.add(secondHandle(item)));
      return Collections.unmodifiableList(handles);
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> handles = new LinkedHashMap<>();
      map.forEach((key, item) -> handles.put(secondHandle(key), secondHandle(item)));
      return Collections.unmodifiableMap(handles);
    }
    return value;
  }

  /** A copy for the copy of a model; the caller owns it. */
  static Object copy(Object value, CopyContext context) {
    if (value instanceof Tensor tensor) {
      return new Tensor(context.copy(tensor));
    }
    if (value instanceof IValue other) {
      return other.deepcopy();
    }
    if (value instanceof List<?> items) {
      List<Object> copies = new ArrayList<>(items.size());
      items.forEach(item -> copies.add(copy(item, context)));
      return Collections.unmodifiableList(copies);
    }
    return value;
  }

  static void close(Object value) {
    if (value instanceof Tensor tensor) {
      tensor.close();
    } else if (value instanceof IValue other) {
      other.close();
    } else if (value instanceof List<?> items) {
      items.forEach(Values::close);
    } else if (value instanceof Map<?, ?> map) {
      map.keySet().forEach(Values::close);
      map.values().forEach(Values::close);
    }
  }

  /** Whether any part is a native list, dict or other object. */
  static boolean holdsNative(Object value) {
    return value instanceof IValue
        || value instanceof List<?> items && items.stream().anyMatch(Values::holdsNative);
  }

  /** The value with native lists and dicts turned into Java's; closes what it was. */
  static Object handOver(Object value) {
    if (!holdsNative(value)) {
      return value;
    }
    Object java = toJava(value);
    close(value);
    return java;
  }

  /** A copy in Java's own classes, whose tensors are new handles. */
  static Object toJava(Object value) {
    if (value instanceof IValue other) {
      return IValues.toJava(other);
    }
    if (value instanceof List<?> items) {
      List<Object> java = new ArrayList<>(items.size());
      items.forEach(item -> java.add(toJava(item)));
      return Collections.unmodifiableList(java);
    }
    return secondHandle(value);
  }
}
