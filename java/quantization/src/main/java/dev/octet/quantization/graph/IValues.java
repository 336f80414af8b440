// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GenericDict;
import org.bytedeco.pytorch.GenericDictIterator;
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
    if (value.isList()) {
      try (IValueArrayRef list = value.toListRef()) {
        List<Object> items = new ArrayList<>();
        for (long i = 0; i < list.size(); i++) {
          items.add(toJava(list.at(i)));
        }
        return Collections.unmodifiableList(items);
      }
    }
    if (value.isGenericDict()) {
      return toMap(value);
    }
    if (value.isTuple()) {
      return items(value, IValues::toJava);
    }
    Object plain = handle(value);
    if (plain instanceof IValue other) {
      other.close();
      throw new UnsupportedOperationException(
          "a value of kind " + value.tagKind().getString() + " has no counterpart in Java");
    }
    return plain;
  }

  /**
   * A value as runs keep it: tensors and native lists, dicts and objects as handles that the caller
   * owns, tuples as lists of these, the rest as Java values.
   */
  static Object handle(IValue value) {
    if (value.isTensor()) {
      return new Tensor(value.toTensor());
    }
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
    if (value.isString()) {
      return string(value);
    }
    if (value.isTuple()) {
      return items(value, IValues::handle);
    }
    if (value.isDevice()) {
      try (Device device = value.toDevice()) {
        return device.str().getString();
      }
    }
    return new IValue(value);
  }

  private static List<Object> items(IValue tuple, Function<IValue, Object> convert) {
    try (Tuple held = tuple.toTuple();
        IValueVector elements = copyOf(held)) {
      List<Object> items = new ArrayList<>();
      for (long i = 0; i < elements.size(); i++) {
        items.add(convert.apply(elements.get(i)));
      }
      return Collections.unmodifiableList(items);
    }
  }

  private static Map<Object, Object> toMap(IValue value) {
    Map<Object, Object> map = new LinkedHashMap<>();
    try (GenericDict dict = value.toGenericDict();
        GenericDictIterator at = dict.begin()) {
      for (long i = 0; i < dict.size(); i++) {
        try (IValue key = at.access().key();
            IValue item = at.access().value()) {
          map.put(toJava(key), toJava(item));
        }
        at.increment();
      }
    }
    return Collections.unmodifiableMap(map);
  }

  /** The number of items of a native list; 0 for anything else. */
  static long size(IValue value) {
    if (!value.isList()) {
      return 0;
    }
    try (IValueArrayRef list = value.toListRef()) {
      return list.size();
    }
  }

  /** An item of a native list, as {@link #handle}. */
  static Object item(IValue list, long index) {
    try (IValueArrayRef items = list.toListRef()) {
      return handle(items.at(index));
    }
  }

  /** The presets give null for an empty string. */
  private static String string(IValue value) {
    try (BytePointer text = value.toStringRef()) {
      return text == null ? "" : text.getString();
    }
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
    if (value instanceof IValue other) {
      return new IValue(other);
    }
    if (value instanceof Map<?, ?> map) {
      List<Object> flat = new ArrayList<>();
      map.forEach(
          (key, item) -> {
            flat.add(key);
            flat.add(item);
          });
      return dict(flat, type);
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
    boolean typed = type.get().kind().intern() == TypeKind.TupleType;
    try (IValueVector elements = new IValueVector()) {
      elements.resize(items.size());
      for (int i = 0; i < items.size(); i++) {
        try (TypePtr element = typed ? type.get().containedType(i) : new TypePtr(type);
            IValue value = toNative(items.get(i), element)) {
          elements.put(i, value);
        }
      }
      try (Tuple tuple = Tuple.create(elements)) {
        return new IValue(tuple);
      }
    }
  }

  /** A native dict of keys and values in turn. The presets can't make one but by an operator. */
  static IValue dict(List<?> flat, TypePtr type) {
    String annotation;
    String key;
    try (TypePtr keyType = type.get().containedType(0);
        TypePtr valueType = type.get().containedType(1)) {
      key = annotation(keyType);
      annotation = "List[Tuple[" + key + ", " + annotation(valueType) + "]]";
    }
    List<Object> pairs = new ArrayList<>();
    for (int i = 0; i < flat.size(); i += 2) {
      pairs.add(Collections.unmodifiableList(Arrays.asList(flat.get(i), flat.get(i + 1))));
    }
    try (IValueVector stack = new IValueVector();
        IValue list = list(pairs, GraphTypes.of(annotation))) {
      stack.resize(1);
      stack.put(0, list);
      Operator.of("aten::dict." + key).call(stack);
      return new IValue(stack.get(0));
    }
  }

  private static String annotation(TypePtr type) {
    try (BytePointer text = type.get().annotation_str()) {
      return text.getString();
    }
  }
}
