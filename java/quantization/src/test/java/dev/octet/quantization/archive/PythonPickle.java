// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Pickles values byte for byte as Python's pickler does under torch.save (protocol 2). */
final class PythonPickle {
  private static final int BATCH = 1000;

  /** A storage of the archive: its class, its record, the device it was on, its elements. */
  record StorageOf(String type, String key, String location, long numel) {}

  /** A class or function by name. */
  record Global(String module, String name) {}

  /** A call of a function. */
  record Call(Global function, List<?> arguments) {}

  /** An OrderedDict with its attributes, null: none. */
  record Ordered(Map<?, ?> entries, Map<?, ?> attributes) {}

  /** An object of a class with a dict as its state. */
  record Instance(Global type, Map<?, ?> state) {}

  /** A tuple; lists stand for lists. */
  record TupleOf(List<?> items) {
    static TupleOf of(Object... items) {
      return new TupleOf(List.of(items));
    }

    static TupleOf longs(long... values) {
      List<Long> items = new ArrayList<>();
      for (long value : values) {
        items.add(value);
      }
      return new TupleOf(items);
    }
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<Object, Integer> texts = new HashMap<>();
  private final Map<Object, Integer> objects = new IdentityHashMap<>();
  private int memoized;

  private PythonPickle() {}

  static byte[] dump(Object value) {
    PythonPickle pickle = new PythonPickle();
    pickle.bytes(0x80, 2);
    pickle.save(value);
    pickle.bytes('.');
    return pickle.out.toByteArray();
  }

  /** A tensor as torch.save describes it. */
  static Call tensor(StorageOf storage, long offset, long[] sizes, long[] strides) {
    return new Call(
        new Global("torch._utils", "_rebuild_tensor_v2"),
        List.of(
            storage,
            offset,
            TupleOf.longs(sizes),
            TupleOf.longs(strides),
            false,
            new Ordered(Map.of(), null)));
  }

  /** A torch.nn.Parameter around a tensor. */
  static Call parameter(Call tensor) {
    return new Call(
        new Global("torch._utils", "_rebuild_parameter"),
        List.of(tensor, true, new Ordered(Map.of(), null)));
  }

  private void save(Object value) {
    if (value == null) {
      bytes('N');
    } else if (value instanceof Boolean truth) {
      bytes(truth ? 0x88 : 0x89);
    } else if (value instanceof Integer || value instanceof Long) {
      integer(((Number) value).longValue());
    } else if (value instanceof Double real) {
      bytes('G');
      out.writeBytes(ByteBuffer.allocate(8).putDouble(real).array());
    } else if (value instanceof String text) {
      text(text);
    } else if (value instanceof Global global) {
      global(global);
    } else if (objects.containsKey(value)) {
      get(objects.get(value));
    } else {
      compound(value);
    }
  }

  private void compound(Object value) {
    if (value instanceof TupleOf tuple) {
      tuple(tuple);
    } else if (value instanceof List<?> list) {
      bytes(']');
      put(value);
      items(new ArrayList<>(list), 'a', 'e', 1);
    } else if (value instanceof Map<?, ?> dict) {
      bytes('}');
      put(value);
      entries(dict);
    } else if (value instanceof Ordered ordered) {
      save(new Global("collections", "OrderedDict"));
      bytes(')', 'R');
      put(value);
      entries(ordered.entries());
      if (ordered.attributes() != null) {
        save(ordered.attributes());
        bytes('b');
      }
    } else if (value instanceof Call call) {
      save(call.function());
      save(new TupleOf(call.arguments()));
      bytes('R');
      put(value);
    } else if (value instanceof Instance instance) {
      save(instance.type());
      bytes(')', 0x81);
      put(value);
      save(instance.state());
      bytes('b');
    } else if (value instanceof StorageOf storage) {
      save(
          TupleOf.of(
              "storage",
              new Global(
                  storage.type().equals("UntypedStorage") ? "torch.storage" : "torch",
                  storage.type()),
              storage.key(),
              storage.location(),
              storage.numel()));
      bytes('Q');
    } else {
      throw new IllegalArgumentException("no pickle of " + value.getClass());
    }
  }

  private void integer(long value) {
    if (value >= 0 && value < 1 << 8) {
      bytes('K', (int) value);
    } else if (value >= 0 && value < 1 << 16) {
      bytes('M', (int) value & 0xff, (int) value >> 8);
    } else if (value == (int) value) {
      bytes('J');
      little((int) value);
    } else {
      // As many bytes as the number needs.
      byte[] bigEndian = BigInteger.valueOf(value).toByteArray();
      bytes(0x8a, bigEndian.length);
      for (int i = bigEndian.length - 1; i >= 0; i--) {
        out.write(bigEndian[i]);
      }
    }
  }

  private void text(String text) {
    Integer known = texts.get(text);
    if (known != null) {
      get(known);
      return;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    bytes('X');
    little(utf8.length);
    out.writeBytes(utf8);
    texts.put(text, put());
  }

  private void global(Global global) {
    Integer known = texts.get(global);
    if (known != null) {
      get(known);
      return;
    }
    out.writeBytes(
        ("c" + global.module() + "\n" + global.name() + "\n").getBytes(StandardCharsets.UTF_8));
    texts.put(global, put());
  }

  private void tuple(TupleOf tuple) {
    int size = tuple.items().size();
    if (size == 0) {
      bytes(')');
      return;
    }
    if (size > 3) {
      bytes('(');
    }
    tuple.items().forEach(this::save);
    bytes(size > 3 ? 't' : 0x84 + size);
    put(tuple);
  }

  private void entries(Map<?, ?> dict) {
    List<Object> flat = new ArrayList<>();
    dict.forEach(
        (key, value) -> {
          flat.add(key);
          flat.add(value);
        });
    items(flat, 's', 'u', 2);
  }

  private void items(List<?> items, char one, char many, int width) {
    for (int from = 0; from < items.size(); from += BATCH * width) {
      List<?> batch = items.subList(from, Math.min(items.size(), from + BATCH * width));
      if (batch.size() > width) {
        bytes('(');
      }
      batch.forEach(this::save);
      bytes(batch.size() > width ? many : one);
    }
  }

  private int put() {
    if (memoized < 256) {
      bytes('q', memoized);
    } else {
      bytes('r');
      little(memoized);
    }
    return memoized++;
  }

  private void put(Object value) {
    objects.put(value, put());
  }

  private void get(int id) {
    if (id < 256) {
      bytes('h', id);
    } else {
      bytes('j');
      little(id);
    }
  }

  private void little(int value) {
    out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private void bytes(int... values) {
    for (int value : values) {
      out.write(value);
    }
  }
}
