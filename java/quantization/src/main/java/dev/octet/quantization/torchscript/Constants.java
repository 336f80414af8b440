// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueArrayRef;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Tuple;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Reads values that are known when a program is imported. */
final class Constants {

  private Constants() {}

  /**
   * A Java value for a native one: tensors are handles that the caller owns, lists are folded
   * lists, tuples are lists.
   *
   * @throws UnsupportedOperationException if a graph cannot hold the value
   */
  static Object of(IValue value, Type type) {
    if (value.isTensor()) {
      return new Tensor(value.toTensor());
    }
    boolean scalar =
        value.isNone() || value.isInt() || value.isDouble() || value.isBool() || value.isString();
    if (scalar) {
      return scalar(value);
    }
    if (value.isDevice()) {
      try (Device device = value.toDevice();
          BytePointer name = device.str()) {
        return name.getString();
      }
    }
    if (type.kind().intern() == TypeKind.OptionalType) {
      try (TypePtr contained = type.containedType(0)) {
        return of(value, contained.get());
      }
    }
    if (value.isTuple()) {
      return tuple(value, type);
    }
    if (value.isList()) {
      return list(value, type);
    }
    throw new UnsupportedOperationException(
        "a constant of kind " + value.tagKind().getString() + " cannot be held in a graph");
  }

  /** A number, a boolean, a string, or null. */
  static Object scalar(IValue value) {
    if (value.isNone()) {
      return null;
    }
    if (value.isInt()) {
      return value.toInt();
    }
    if (value.isBool()) {
      return value.toBool();
    }
    if (value.isDouble()) {
      return value.toDouble();
    }
    // The presets give null for an empty string.
    try (BytePointer text = value.toStringRef()) {
      return text == null ? "" : text.getString();
    }
  }

  /** Visit the items of a tuple until the visitor returns false; returns whether it never did. */
  static boolean items(IValue value, Predicate<IValue> visitor) {
    try (Tuple tuple = value.toTuple();
        IValueVector elements = tuple.elements().vec()) {
      for (long i = 0; i < elements.size(); i++) {
        if (!visitor.test(elements.get(i))) {
          return false;
        }
      }
      return true;
    }
  }

  private static Object tuple(IValue value, Type type) {
    List<Object> items = new ArrayList<>();
    try (Tuple tuple = value.toTuple();
        IValueVector elements = tuple.elements().vec()) {
      for (long i = 0; i < elements.size(); i++) {
        try (TypePtr element = type.containedType(i)) {
          items.add(of(elements.get(i), element.get()));
        }
      }
    }
    return Collections.unmodifiableList(items);
  }

  private static Object list(IValue value, Type type) {
    List<Object> items = new ArrayList<>();
    try (IValueArrayRef list = value.toListRef();
        TypePtr element = type.containedType(0)) {
      for (long i = 0; i < list.size(); i++) {
        items.add(of(list.at(i), element.get()));
      }
    }
    return new FoldedList(Collections.unmodifiableList(items), Jit.annotation(type));
  }
}
