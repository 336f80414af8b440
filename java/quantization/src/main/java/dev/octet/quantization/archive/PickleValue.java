// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value that a pickle describes. Nothing of the classes it names is loaded or called. */
abstract class PickleValue {
  private static final long SATURATED = Long.MAX_VALUE / 4;

  private boolean held;
  private int depth;
  private long weight = 1;

  /** What the value is, in words, for messages. */
  abstract String words();

  /** How many values lie in one another at most; 0 for a number. */
  int depth() {
    return depth;
  }

  /** How many values there are when all that is shared is counted at each place, saturating. */
  long weight() {
    return weight;
  }

  /** Whether the value is a part of another. */
  boolean held() {
    return held;
  }

  /** Makes another value a part of this one. */
  void hold(PickleValue part) {
    part.held = true;
    depth = Math.max(depth, part.depth + 1);
    weight = Math.min(SATURATED, weight + part.weight);
  }

  /** None, a number, a string or a boolean. */
  static final class Scalar extends PickleValue {
    static final Scalar NONE = new Scalar(null);
    static final Scalar TRUE = new Scalar(true);
    static final Scalar FALSE = new Scalar(false);

    private final Object value;

    Scalar(Object value) {
      this.value = value;
    }

    /** Null, a Long, a BigInteger, a Double, a String or a Boolean. */
    Object value() {
      return value;
    }

    @Override
    void hold(PickleValue part) {
      throw new IllegalStateException("a scalar has no parts");
    }

    @Override
    String words() {
      if (value == null) {
        return "None";
      }
      if (value instanceof String text) {
        return "the string '" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'";
      }
      String type = value instanceof Boolean ? "bool" : value instanceof Double ? "float" : "int";
      return "the " + type + " " + value;
    }
  }

  /** A tuple. */
  static final class Tuple extends PickleValue {
    private final List<PickleValue> items;

    Tuple(List<PickleValue> items) {
      this.items = items;
      items.forEach(this::hold);
    }

    List<PickleValue> items() {
      return items;
    }

    @Override
    String words() {
      return "a tuple of " + items.size();
    }
  }

  /** A list, which grows while it is read. */
  static final class Sequence extends PickleValue {
    private final List<PickleValue> items = new ArrayList<>();

    List<PickleValue> items() {
      return Collections.unmodifiableList(items);
    }

    void add(PickleValue item) {
      hold(item);
      items.add(item);
    }

    @Override
    String words() {
      return "a list of " + items.size();
    }
  }

  /** A dict or OrderedDict, which grows while it is read. */
  static final class Mapping extends PickleValue {
    private final Map<Object, PickleValue> entries = new LinkedHashMap<>();

    /** The values by key: a String, Long, Double, Boolean or, for other keys, the key itself. */
    Map<Object, PickleValue> entries() {
      return Collections.unmodifiableMap(entries);
    }

    /** Returns false if the key was there before. */
    boolean put(PickleValue key, PickleValue value) {
      hold(key);
      hold(value);
      Object plain = key instanceof Scalar scalar && scalar.value() != null ? scalar.value() : key;
      return entries.put(plain, value) == null;
    }

    @Override
    String words() {
      return "a dict of " + entries.size();
    }
  }

  /** A class or function by name; it is only ever compared with names that are known. */
  static final class Global extends PickleValue {
    private final String module;
    private final String name;

    Global(String module, String name) {
      this.module = module;
      this.name = name;
    }

    String module() {
      return module;
    }

    String name() {
      return name;
    }

    String qualified() {
      return module + "." + name;
    }

    boolean is(String otherModule, String otherName) {
      return module.equals(otherModule) && name.equals(otherName);
    }

    @Override
    String words() {
      return "the class or function " + qualified();
    }
  }

  /** The bytes of one or more tensors. */
  static final class Storage extends PickleValue {
    private final String key;
    private final StorageType type;
    private final long numel;

    /** Type null: bytes without a type. */
    Storage(String key, StorageType type, long numel) {
      this.key = key;
      this.type = type;
      this.numel = numel;
    }

    String key() {
      return key;
    }

    StorageType type() {
      return type;
    }

    /** Elements, or bytes if there is no type. */
    long numel() {
      return numel;
    }

    long byteLength() {
      return type == null ? numel : numel * type.itemSize();
    }

    @Override
    String words() {
      return "the storage '" + key + "'";
    }
  }

  /** A tensor, checked against its storage. */
  static final class StoredTensor extends PickleValue {
    private final Storage storage;
    private final StorageType type;
    private final TensorLayout layout;

    StoredTensor(Storage storage, StorageType type, TensorLayout layout) {
      this.storage = storage;
      this.type = type;
      this.layout = layout;
    }

    Storage storage() {
      return storage;
    }

    StorageType type() {
      return type;
    }

    TensorLayout layout() {
      return layout;
    }

    @Override
    String words() {
      return "a tensor of torch." + type.dtype() + " and shape " + layout.sizes();
    }
  }

  /** An object of a class, with its state once that is read. */
  static final class Instance extends PickleValue {
    private final Global type;
    private PickleValue state;

    Instance(Global type) {
      this.type = type;
    }

    Global type() {
      return type;
    }

    /** Null as long as it has none. */
    PickleValue state() {
      return state;
    }

    void state(PickleValue value) {
      hold(value);
      state = value;
    }

    @Override
    String words() {
      return "an object of class " + type.qualified();
    }
  }

  /** Anything else that is data, by name: a device, a complex number, a dtype. */
  static final class Named extends PickleValue {
    private final String kind;

    Named(String kind) {
      this.kind = kind;
    }

    String kind() {
      return kind;
    }

    @Override
    String words() {
      return "a value of type " + kind;
    }
  }
}
