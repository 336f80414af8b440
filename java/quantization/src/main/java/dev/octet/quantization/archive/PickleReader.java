// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a pickle of protocol 2 to its last byte, with the opcodes that torch and Python's pickler
 * write, and makes plain values of it.
 *
 * <p>The reader is our own, not a library for pickles: a guard must say at which byte something is
 * wrong, must bound depth, size and the memo, must see a value before it is made a part of another
 * (which rules out cycles), and must refuse what libtorch's own reader takes in another sense than
 * Python. The libraries there are construct objects as they go and leave these open.
 */
final class PickleReader {
  private static final int PROTOCOL = 2;
  // Modules in modules are some ten values deep; native code walks them by recursion.
  private static final int MAX_DEPTH = 400;
  private static final int MAX_VALUES = 20_000_000;
  private static final long MAX_WEIGHT = 50_000_000;
  private static final int MAX_NAME_BYTES = 4096;
  private static final int MAX_LONG_BYTES = 64;
  private static final String ALTERED = "; the file is truncated or altered: copy it again";

  private final EntrySite site;
  private final ByteBuffer in;
  private final PickleDialect dialect;
  private final List<PickleValue> stack = new ArrayList<>();
  private int[] marks = new int[16];
  private int markCount;
  private final List<PickleValue> memo = new ArrayList<>();
  private int values;
  private int at;

  private PickleReader(EntrySite site, byte[] bytes, PickleDialect dialect) {
    this.site = site;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.dialect = dialect;
  }

  /**
   * Reads a pickle.
   *
   * @throws ModelFileException if it is not well-formed, or the dialect refuses a part of it
   */
  static PickleValue read(EntrySite site, byte[] bytes, PickleDialect dialect) {
    return new PickleReader(site, bytes, dialect).read();
  }

  private PickleValue read() {
    need(2);
    int first = in.get() & 0xff;
    int protocol = in.get() & 0xff;
    if (first != 0x80 || protocol != PROTOCOL) {
      throw fail(
          first != 0x80
              ? "no pickle: it begins with byte " + first + ", expected 128"
              : "a pickle of protocol "
                  + protocol
                  + ", expected "
                  + PROTOCOL
                  + ": save it without pickle_protocol");
    }
    while (true) {
      at = in.position();
      need(1);
      int opcode = in.get() & 0xff;
      if (opcode == '.') {
        break;
      }
      step(opcode);
    }
    if (stack.size() != 1 || markCount != 0) {
      throw fail("the pickle leaves " + stack.size() + " values, expected 1" + ALTERED);
    }
    if (in.hasRemaining()) {
      throw fail("the pickle ends here, " + in.remaining() + " bytes follow" + ALTERED);
    }
    return stack.get(0);
  }

  private void step(int opcode) {
    switch (opcode) {
      case '(' -> mark();
      case 'N' -> push(PickleValue.Scalar.NONE);
      case 0x88 -> push(PickleValue.Scalar.TRUE);
      case 0x89 -> push(PickleValue.Scalar.FALSE);
      case 'K' -> integer(need(1).get() & 0xff);
      case 'M' -> integer(Short.toUnsignedInt(need(2).getShort()));
      case 'J' -> integer(need(4).getInt());
      case 0x8a -> longInteger();
      case 'G' -> push(new PickleValue.Scalar(Double.longBitsToDouble(bigEndian())));
      case 'X' -> push(new PickleValue.Scalar(text()));
      case ')' -> push(new PickleValue.Tuple(List.of()));
      case 0x85 -> tuple(1);
      case 0x86 -> tuple(2);
      case 0x87 -> tuple(3);
      case 't' -> tuple(toMark());
      case ']' -> push(new PickleValue.Sequence());
      case 'a' -> append(1);
      case 'e' -> append(toMark());
      case '}' -> push(new PickleValue.Mapping());
      case 's' -> setItems(2);
      case 'u' -> setItems(toMark());
      case 'q' -> put(need(1).get() & 0xff);
      case 'r' -> put(Integer.toUnsignedLong(need(4).getInt()));
      case 'h' -> get(need(1).get() & 0xff);
      case 'j' -> get(Integer.toUnsignedLong(need(4).getInt()));
      case 'c' -> global();
      case 'R' -> call();
      case 0x81 -> make();
      case 'b' -> build();
      case 'Q' -> push(dialect.persistent(pop(), at));
      default ->
          throw fail(
              String.format(
                      "opcode 0x%02x, which torch does not write in a pickle of protocol 2", opcode)
                  + ALTERED);
    }
  }

  private ByteBuffer need(int bytes) {
    if (in.remaining() < bytes) {
      throw fail("the pickle ends in the middle" + ALTERED);
    }
    return in;
  }

  private void push(PickleValue value) {
    if (++values > MAX_VALUES) {
      throw fail("more than " + MAX_VALUES + " values");
    }
    if (value.depth() > MAX_DEPTH) {
      throw fail("values lie more than " + MAX_DEPTH + " deep in one another");
    }
    if (value.weight() > MAX_WEIGHT) {
      throw fail("shared values amount to more than " + MAX_WEIGHT + " when each place is counted");
    }
    stack.add(value);
  }

  private PickleValue pop() {
    if (stack.size() <= floor()) {
      throw fail("a value is missing on the stack" + ALTERED);
    }
    return stack.remove(stack.size() - 1);
  }

  private PickleValue top(int below) {
    if (stack.size() - below <= floor()) {
      throw fail("a value is missing on the stack" + ALTERED);
    }
    return stack.get(stack.size() - 1 - below);
  }

  /** Values below the last mark are out of reach. */
  private int floor() {
    return markCount == 0 ? 0 : marks[markCount - 1];
  }

  private void mark() {
    if (markCount == MAX_DEPTH) {
      throw fail("more than " + MAX_DEPTH + " marks in one another");
    }
    if (markCount == marks.length) {
      marks = Arrays.copyOf(marks, 2 * markCount);
    }
    marks[markCount++] = stack.size();
  }

  private int toMark() {
    if (markCount == 0) {
      throw fail("a mark is missing on the stack" + ALTERED);
    }
    return stack.size() - marks[--markCount];
  }

  private List<PickleValue> popMany(int count) {
    if (stack.size() - count < floor()) {
      throw fail("a value is missing on the stack" + ALTERED);
    }
    List<PickleValue> tail = stack.subList(stack.size() - count, stack.size());
    List<PickleValue> items = List.copyOf(tail);
    tail.clear();
    items.forEach(this::requireWhole);
    return items;
  }

  /** An object is a value only once it has its state. */
  private void requireWhole(PickleValue value) {
    if (value instanceof PickleValue.Instance instance && instance.state() == null) {
      throw fail(instance.words() + " has no state" + ALTERED);
    }
  }

  private void integer(long value) {
    push(new PickleValue.Scalar(value));
  }

  private void longInteger() {
    int length = need(1).get() & 0xff;
    if (length > MAX_LONG_BYTES || length != Long.BYTES && !dialect.anyLongs()) {
      throw fail("an integer of " + length + " bytes, expected " + Long.BYTES + ALTERED);
    }
    byte[] bigEndian = new byte[length];
    need(length);
    for (int i = length - 1; i >= 0; i--) {
      bigEndian[i] = in.get();
    }
    BigInteger value = length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
    boolean fits = value.bitLength() < Long.SIZE;
    push(new PickleValue.Scalar(fits ? (Object) value.longValue() : value));
  }

  private long bigEndian() {
    return Long.reverseBytes(need(Long.BYTES).getLong());
  }

  private String text() {
    long length = Integer.toUnsignedLong(need(4).getInt());
    if (length > in.remaining()) {
      throw fail("a string of " + length + " bytes, " + in.remaining() + " are left" + ALTERED);
    }
    ByteBuffer bytes = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return decode(bytes);
  }

  private String decode(ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw fail("a string is not UTF-8" + ALTERED);
    }
  }

  private String line() {
    int start = in.position();
    while (need(1).get() != '\n') {
      if (in.position() - start > MAX_NAME_BYTES) {
        throw fail("a name of more than " + MAX_NAME_BYTES + " bytes" + ALTERED);
      }
    }
    return decode(in.slice(start, in.position() - 1 - start));
  }

  private void tuple(int count) {
    push(new PickleValue.Tuple(popMany(count)));
  }

  private void append(int count) {
    List<PickleValue> items = popMany(count);
    if (!(top(0) instanceof PickleValue.Sequence list)) {
      throw fail("items are added to " + top(0).words() + ", expected a list" + ALTERED);
    }
    requireOpen(list, items);
    for (PickleValue item : items) {
      list.add(item);
    }
    grown(list);
  }

  private void setItems(int count) {
    List<PickleValue> items = popMany(count);
    if (!(top(0) instanceof PickleValue.Mapping dict) || items.size() % 2 != 0) {
      throw fail(
          items.size()
              + " keys and values are put into "
              + top(0).words()
              + ", not a dict"
              + ALTERED);
    }
    requireOpen(dict, items);
    for (int i = 0; i < items.size(); i += 2) {
      if (!dict.put(items.get(i), items.get(i + 1))) {
        throw fail("a dict has " + items.get(i).words() + " twice as a key" + ALTERED);
      }
    }
    grown(dict);
  }

  /** What is a part of something, or gets itself as a part, could close a cycle. */
  private void requireOpen(PickleValue container, List<PickleValue> items) {
    if (container.held() || items.contains(container)) {
      throw fail(container.words() + " contains itself, or grows after it was used" + ALTERED);
    }
  }

  private void grown(PickleValue container) {
    stack.remove(stack.size() - 1);
    push(container);
  }

  private void put(long id) {
    PickleValue value = top(0);
    requireWhole(value);
    if (id > memo.size()) {
      throw fail("memo " + id + " is set before memo " + memo.size() + ALTERED);
    }
    if (id == memo.size()) {
      memo.add(value);
    } else {
      memo.set((int) id, value);
    }
  }

  private void get(long id) {
    if (id >= memo.size()) {
      throw fail("memo " + id + " is used, there are " + memo.size() + ALTERED);
    }
    push(memo.get((int) id));
  }

  private void global() {
    String module = line();
    push(dialect.global(module, line(), at));
  }

  private void call() {
    PickleValue argument = pop();
    PickleValue function = pop();
    requireWhole(argument);
    push(dialect.call(function, argument, at));
  }

  private void make() {
    PickleValue arguments = pop();
    PickleValue type = pop();
    push(dialect.make(type, arguments, at));
  }

  private void build() {
    PickleValue state = pop();
    PickleValue object = pop();
    requireWhole(state);
    if (object.held()) {
      throw fail(object.words() + " gets a state after it was used" + ALTERED);
    }
    push(dialect.build(object, state, at));
  }

  private ModelFileException fail(String problem) {
    return site.at(at, problem);
  }
}
