// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueArrayRef;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Tuple;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Converts between Java values and the values on libtorch's operator stack. */
final class IValues {

  private IValues() {}

  /** A Java value for a native one; tensors are new handles that the caller owns. */
  static Object toJava(IValue value) {
    if (value.isTensor()) {
      return new Tensor(value.toTensor());
    }
    if (value.isNone()) {
      return null;
    }
    if (value.isInt()) {
      return value.toInt();
    }
    if (value.isDouble()) {
      return value.toDouble();
    }
    if (value.isBool()) {
      return value.toBool();
    }
    if (value.isString()) {
      return value.toStringRef().getString();
    }
    if (value.isTuple()) {
      try (Tuple tuple = value.toTuple();
          IValueVector elements = copyOf(tuple)) {
        List<Object> items = new ArrayList<>();
        for (long i = 0; i < elements.size(); i++) {
          items.add(toJava(elements.get(i)));
        }
        return Collections.unmodifiableList(items);
      }
    }
    if (value.isList()) {
      try (IValueArrayRef list = value.toListRef()) {
        List<Object> items = new ArrayList<>();
        for (long i = 0; i < list.size(); i++) {
          items.add(toJava(list.at(i)));
        }
        return Collections.unmodifiableList(items);
      }
    }
    if (value.isDevice()) {
      try (Device device = value.toDevice()) {
        return device.str().getString();
      }
    }
    throw new UnsupportedOperationException(
        "a value of kind " + value.tagKind().getString() + " cannot be held in a graph");
  }

  private static IValueVector copyOf(Tuple tuple) {
    return tuple.elements().vec();
  }

  /** A native value of the given type for a Java one; the caller closes it. */
  static IValue toNative(Object value, TypePtr type) {
    TypeKind kind = type.get().kind().intern();
    if (value == null) {
      return new IValue();
    }
    if (kind == TypeKind.OptionalType) {
      try (TypePtr contained = type.get().containedType(0)) {
        return toNative(value, contained);
      }
    }
    if (value instanceof Tensor tensor) {
      return new IValue(tensor);
    }
    if (value instanceof Long number) {
      return kind == TypeKind.FloatType
          ? new IValue(number.doubleValue())
          : new IValue(number.longValue());
    }
    if (value instanceof Double number) {
      return new IValue(number.doubleValue());
    }
    if (value instanceof Boolean bool) {
      return new IValue(bool.booleanValue());
    }
    if (value instanceof String string) {
      return kind == TypeKind.DeviceObjType ? device(string) : new IValue(string);
    }
    if (value instanceof List<?> items) {
      return kind == TypeKind.ListType ? list(items, type) : tuple(items, type);
    }
    throw new IllegalArgumentException(
        "a " + value.getClass().getName() + " cannot be passed to an operator");
  }

  private static IValue device(String name) {
    try (Device device = new Device(name)) {
      return new IValue(device);
    }
  }

  private static IValue list(List<?> items, TypePtr type) {
    try (TypePtr element = type.get().containedType(0);
        GenericList list = new GenericList(element)) {
      for (Object item : items) {
        try (IValue value = toNative(item, element)) {
          list.push_back(value);
        }
      }
      return new IValue(list);
    }
  }

  private static IValue tuple(List<?> items, TypePtr type) {
    try (IValueVector elements = new IValueVector()) {
      elements.resize(items.size());
      for (int i = 0; i < items.size(); i++) {
        try (TypePtr element = type.get().containedType(i);
            IValue value = toNative(items.get(i), element)) {
          elements.put(i, value);
        }
      }
      try (Tuple tuple = Tuple.create(elements)) {
        return new IValue(tuple);
      }
    }
  }
}
