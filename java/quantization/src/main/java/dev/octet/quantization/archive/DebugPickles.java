// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Global;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.Sequence;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks the pickle beside a file of code that says which line of the original Python each part
 * came from. libtorch reads it when a line is first asked for, and trusts every index in it.
 */
final class DebugPickles implements PickleDialect {
  private static final String TABLE_FORMAT = "FORMAT_WITH_STRING_TABLE";
  // Texts are pieced together from the table; native code copies them whole.
  private static final long MAX_TEXT_BYTES = 64L << 20;

  private final EntrySite site;
  // Rows share their sources.
  private final Map<PickleValue, Long> sourceLengths = new IdentityHashMap<>();

  private DebugPickles(EntrySite site) {
    this.site = site;
  }

  /**
   * Checks one pickle.
   *
   * @throws ModelFileException if it is not of the form that torch writes
   */
  static void check(EntrySite site, byte[] bytes) {
    DebugPickles dialect = new DebugPickles(site);
    dialect.checkRoot(PickleReader.read(site, bytes, dialect));
  }

  private void checkRoot(PickleValue root) {
    List<PickleValue> parts = items(root, "the whole");
    if (parts.isEmpty()) {
      throw wrong(root, "the whole", "a tuple that is not empty");
    }
    if (!TABLE_FORMAT.equals(StoragePickles.plain(parts.get(0)))) {
      parts.forEach(row -> checkRow(row, null));
      return;
    }
    if (parts.size() != 3) {
      throw wrong(root, "the whole", "the format, the strings and the rows");
    }
    List<PickleValue> strings = items(parts.get(1), "the strings");
    long[] lengths = new long[strings.size()];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = string(strings.get(i), "string " + i);
    }
    items(parts.get(2), "the rows")
        .forEach(row -> checkRow(row, lengths.length == 0 ? null : lengths));
  }

  /** A row: (byte in the code, (source, begin, end), ...). Lengths null: texts are in the rows. */
  private void checkRow(PickleValue row, long[] lengths) {
    List<PickleValue> parts = items(row, "a row");
    if (parts.size() != 2 && parts.size() != 3) {
      throw wrong(row, "a row", "2 or 3 parts");
    }
    number(parts.get(0), "the byte of a row");
    List<PickleValue> range = items(parts.get(1), "the range of a row");
    if (range.size() != 3) {
      throw wrong(parts.get(1), "the range of a row", "3 parts");
    }
    long length = sourceLengths.computeIfAbsent(range.get(0), s -> sourceLength(s, lengths));
    long begin = number(range.get(1), "the begin of a range");
    long end = number(range.get(2), "the end of a range");
    if (begin > end || begin > length) {
      throw site.whole(
          "a row names the characters "
              + begin
              + " to "
              + end
              + " of a text of "
              + length
              + ": the file is altered, copy it again");
    }
  }

  private long sourceLength(PickleValue value, long[] lengths) {
    List<PickleValue> source = items(value, "the source of a row");
    if (source.size() != 3) {
      throw wrong(value, "the source of a row", "3 parts");
    }
    number(source.get(2), "the line of a source");
    return lengths == null ? plainText(source) : piecedText(source, lengths);
  }

  private long plainText(List<PickleValue> source) {
    if (source.get(1) != Scalar.NONE) {
      string(source.get(1), "the file of a source");
    }
    return string(source.get(0), "the text of a source");
  }

  private long piecedText(List<PickleValue> source, long[] lengths) {
    if (!(source.get(0) instanceof Sequence pieces)) {
      throw wrong(source.get(0), "the text of a source", "a list of indices");
    }
    long total = 0;
    for (PickleValue piece : pieces.items()) {
      total += lengths[index(piece, lengths.length)];
      if (total > MAX_TEXT_BYTES) {
        throw site.whole("a source has more than " + MAX_TEXT_BYTES + " bytes of text");
      }
    }
    index(source.get(1), lengths.length);
    return total;
  }

  private int index(PickleValue value, int size) {
    long index = number(value, "the index of a string");
    if (index >= size) {
      throw wrong(value, "the index of a string", "less than " + size);
    }
    return (int) index;
  }

  private long number(PickleValue value, String what) {
    if (!(StoragePickles.plain(value) instanceof Long number) || number < 0) {
      throw wrong(value, what, "a whole number of at least 0");
    }
    return number;
  }

  private long string(PickleValue value, String what) {
    if (!(StoragePickles.plain(value) instanceof String text)) {
      throw wrong(value, what, "a string");
    }
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private List<PickleValue> items(PickleValue value, String what) {
    if (!(value instanceof Tuple tuple)) {
      throw wrong(value, what, "a tuple");
    }
    return tuple.items();
  }

  private ModelFileException wrong(PickleValue value, String what, String expected) {
    return site.whole(
        what
            + " is "
            + value.words()
            + ", expected "
            + expected
            + ": the file is altered, copy it"
            + " again");
  }

  @Override
  public PickleValue global(String module, String name, long offset) {
    Global global = new Global(module, name);
    if (!global.is("torch.jit._pickle", "build_intlist")) {
      throw site.at(offset, "names " + global.qualified() + ", expected lists of numbers alone");
    }
    return global;
  }

  @Override
  public PickleValue call(PickleValue function, PickleValue argument, long offset) {
    if (!(function instanceof Global)
        || !(argument instanceof Tuple tuple)
        || tuple.items().size() != 1
        || !(tuple.items().get(0) instanceof Sequence list)
        || !list.items().stream().allMatch(i -> StoragePickles.plain(i) instanceof Long)) {
      throw site.at(offset, function.words() + " is called with " + argument.words());
    }
    return list;
  }

  @Override
  public PickleValue make(PickleValue type, PickleValue arguments, long offset) {
    throw site.at(offset, "makes an object of " + type.words() + ", expected none here");
  }

  @Override
  public PickleValue build(PickleValue object, PickleValue state, long offset) {
    throw site.at(offset, "gives " + object.words() + " a state, expected no objects here");
  }

  @Override
  public PickleValue persistent(PickleValue id, long offset) {
    throw site.at(offset, "has a storage, expected no tensors here");
  }

  @Override
  public boolean anyLongs() {
    return false;
  }
}
