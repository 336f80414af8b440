// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads the directory of a zip archive as strictly as torch writes it: nothing before the first
 * entry or after the last record, no entry twice, none that overlaps another, headers and directory
 * in agreement. Readers differ in what they make of archives that are not so.
 */
final class ZipDirectory {
  private static final int END_BYTES = 22;
  private static final int END_MAGIC = 0x06054b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int LOCATOR_MAGIC = 0x07064b50;
  private static final int END64_BYTES = 56;
  private static final int END64_MAGIC = 0x06064b50;
  private static final int ENTRY_BYTES = 46;
  private static final int ENTRY_MAGIC = 0x02014b50;
  private static final int HEADER_BYTES = 30;
  private static final int HEADER_MAGIC = 0x04034b50;
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final int ENCRYPTED = 1;
  private static final int SIZES_FOLLOW = 1 << 3;
  private static final int ZIP64 = 1;
  private static final long SATURATED = 0xffff_ffffL;
  private static final int SATURATED_SHORT = 0xffff;
  private static final long MAX_DIRECTORY_BYTES = 256L << 20;
  // The longest name that libtorch's own zip reader returns whole.
  private static final int MAX_NAME_BYTES = 511;
  private static final String BROKEN =
      "the file is truncated or altered: copy or download it again";

  private final FileBytes file;

  private ZipDirectory(FileBytes file) {
    this.file = file;
  }

  private record Extent(long entries, long offset, long length) {}

  /** Returns the entries in the order of the directory. */
  static List<ZipRecord> read(FileBytes file) throws IOException {
    return new ZipDirectory(file).read();
  }

  private List<ZipRecord> read() throws IOException {
    Extent extent = extent();
    ByteBuffer directory = file.read(extent.offset(), (int) extent.length());
    List<ZipRecord> records = new ArrayList<>();
    while (directory.remaining() >= ENTRY_BYTES) {
      records.add(entry(directory, extent.offset()));
    }
    if (directory.hasRemaining() || records.size() != extent.entries()) {
      throw at(
          extent.offset(),
          "the zip directory holds "
              + records.size()
              + " entries, its end record says "
              + extent.entries());
    }
    if (records.isEmpty()) {
      throw ModelFileException.of(file.path(), "the zip archive has no entries");
    }
    checkNames(records);
    return located(records, extent.offset());
  }

  private Extent extent() throws IOException {
    long size = file.size();
    if (size < END_BYTES) {
      throw ModelFileException.of(
          file.path(), "the file has " + size + " bytes, too few for a zip archive: " + BROKEN);
    }
    long endAt = size - END_BYTES;
    ByteBuffer end = file.read(endAt, END_BYTES);
    if (end.getInt() != END_MAGIC) {
      throw at(endAt, "no end record of a zip archive at the end of the file");
    }
    int disk = Short.toUnsignedInt(end.getShort());
    int directoryDisk = Short.toUnsignedInt(end.getShort());
    long here = Short.toUnsignedLong(end.getShort());
    long entries = Short.toUnsignedLong(end.getShort());
    long length = Integer.toUnsignedLong(end.getInt());
    long offset = Integer.toUnsignedLong(end.getInt());
    if (disk != 0 || directoryDisk != 0 || here != entries) {
      throw at(endAt, "a part of a zip archive in several files");
    }
    Extent extent = new Extent(entries, offset, length);
    long endOfDirectory = endAt;
    if (endAt >= LOCATOR_BYTES + END64_BYTES) {
      ByteBuffer locator = file.read(endAt - LOCATOR_BYTES, LOCATOR_BYTES);
      if (locator.getInt() == LOCATOR_MAGIC) {
        endOfDirectory = endAt - LOCATOR_BYTES - END64_BYTES;
        extent = extent64(extent, endOfDirectory);
      }
    }
    if (extent.length() > MAX_DIRECTORY_BYTES
        || extent.offset() < 0
        || extent.offset() > endOfDirectory
        || extent.length() != endOfDirectory - extent.offset()) {
      throw at(
          endAt,
          "the zip directory is said to have "
              + Long.toUnsignedString(extent.length())
              + " bytes from byte "
              + Long.toUnsignedString(extent.offset())
              + ", expected it to end at byte "
              + endOfDirectory);
    }
    return extent;
  }

  private Extent extent64(Extent small, long at) throws IOException {
    ByteBuffer locator = file.read(at + END64_BYTES, LOCATOR_BYTES);
    locator.getInt();
    int disk = locator.getInt();
    long recordAt = locator.getLong();
    int disks = locator.getInt();
    ByteBuffer end = file.read(at, END64_BYTES);
    if (disk != 0 || disks != 1 || recordAt != at || end.getInt() != END64_MAGIC) {
      throw at(at, "no 64-bit end record where its locator says");
    }
    long recordLength = end.getLong();
    end.getInt(); // the versions of zip that made it and that it needs
    int recordDisk = end.getInt();
    int directoryDisk = end.getInt();
    long here = end.getLong();
    long entries = end.getLong();
    long length = end.getLong();
    long offset = end.getLong();
    if (recordLength != END64_BYTES - 12
        || recordDisk != 0
        || directoryDisk != 0
        || here != entries
        || differs(small.entries(), SATURATED_SHORT, entries)
        || differs(small.length(), SATURATED, length)
        || differs(small.offset(), SATURATED, offset)) {
      throw at(at, "the two end records of the zip archive contradict each other");
    }
    return new Extent(entries, offset, length);
  }

  private static boolean differs(long small, long saturated, long large) {
    return small != large && small != saturated;
  }

  private ZipRecord entry(ByteBuffer directory, long directoryOffset) throws IOException {
    long at = directoryOffset + directory.position();
    if (directory.getInt() != ENTRY_MAGIC) {
      throw at(at, "no entry of the zip directory where one is expected");
    }
    directory.getInt(); // the versions of zip that made it and that it needs
    int flags = directory.getShort();
    int method = Short.toUnsignedInt(directory.getShort());
    directory.getInt(); // date and time
    final long crc = Integer.toUnsignedLong(directory.getInt());
    long storedSize = Integer.toUnsignedLong(directory.getInt());
    long size = Integer.toUnsignedLong(directory.getInt());
    int nameLength = Short.toUnsignedInt(directory.getShort());
    int extraLength = Short.toUnsignedInt(directory.getShort());
    int commentLength = Short.toUnsignedInt(directory.getShort());
    int disk = Short.toUnsignedInt(directory.getShort());
    directory.getShort(); // internal attributes
    directory.getInt(); // external attributes
    long headerOffset = Integer.toUnsignedLong(directory.getInt());
    if (directory.remaining() < nameLength + extraLength + commentLength) {
      throw at(at, "an entry of the zip directory goes beyond the directory's end");
    }
    ByteBuffer nameBytes = directory.slice(directory.position(), nameLength);
    String name = name(nameBytes, at);
    directory.position(directory.position() + nameLength);
    ByteBuffer extra = directory.slice(directory.position(), extraLength).order(directory.order());
    directory.position(directory.position() + extraLength + commentLength);
    ByteBuffer wide = zip64(extra);
    size = size == SATURATED ? wide(wide, name) : size;
    storedSize = storedSize == SATURATED ? wide(wide, name) : storedSize;
    headerOffset = headerOffset == SATURATED ? wide(wide, name) : headerOffset;
    if (disk != 0 || (flags & ENCRYPTED) != 0) {
      throw in(name, "the entry is encrypted or lies in another file, torch writes neither");
    }
    if (method != STORED && method != DEFLATED) {
      throw in(name, "compression method " + method + ", expected stored (0) or deflated (8)");
    }
    if (size < 0 || storedSize < 0 || headerOffset < 0 || method == STORED && size != storedSize) {
      throw in(
          name,
          Long.toUnsignedString(storedSize)
              + " bytes in the file and "
              + Long.toUnsignedString(size)
              + " uncompressed contradict each other: "
              + BROKEN);
    }
    return new ZipRecord(name, method == DEFLATED, crc, storedSize, size, headerOffset, -1);
  }

  private static ByteBuffer zip64(ByteBuffer extra) {
    while (extra.remaining() >= 4) {
      int id = Short.toUnsignedInt(extra.getShort());
      int length = Math.min(Short.toUnsignedInt(extra.getShort()), extra.remaining());
      if (id == ZIP64) {
        return extra.slice(extra.position(), length).order(extra.order());
      }
      extra.position(extra.position() + length);
    }
    return ByteBuffer.allocate(0);
  }

  private long wide(ByteBuffer wide, String name) {
    if (wide.remaining() < Long.BYTES) {
      throw in(name, "sizes of more than 32 bits are missing: " + BROKEN);
    }
    return wide.getLong();
  }

  private String name(ByteBuffer bytes, long at) {
    if (bytes.remaining() == 0 || bytes.remaining() > MAX_NAME_BYTES) {
      throw at(
          at,
          "an entry's name has " + bytes.remaining() + " bytes, expected 1 to " + MAX_NAME_BYTES);
    }
    String name;
    try {
      name = StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
    } catch (CharacterCodingException e) {
      throw at(at, "an entry's name is not UTF-8");
    }
    if (name.startsWith("/") || name.indexOf('\\') >= 0 || name.chars().anyMatch(c -> c < ' ')) {
      throw at(at, "an entry's name is absolute or has a backslash or a control character");
    }
    for (String part : name.split("/", -1)) {
      if (part.equals(".") || part.equals("..")) {
        throw at(at, "the name of entry '" + name + "' leads out of the archive");
      }
    }
    return name;
  }

  private void checkNames(List<ZipRecord> records) {
    // libtorch's zip reader does not tell upper from lower case.
    Map<String, String> seen = new HashMap<>();
    for (ZipRecord zip : records) {
      String other = seen.put(zip.name().toLowerCase(Locale.ROOT), zip.name());
      if (other != null) {
        throw in(
            zip.name(),
            other.equals(zip.name())
                ? "the entry is there twice: " + BROKEN
                : "differs from '" + other + "' in upper and lower case alone");
      }
    }
  }

  private List<ZipRecord> located(List<ZipRecord> records, long directoryOffset)
      throws IOException {
    Map<String, ZipRecord> located = new HashMap<>();
    List<ZipRecord> byOffset = new ArrayList<>(records);
    byOffset.sort(Comparator.comparingLong(ZipRecord::headerOffset));
    long free = 0;
    for (ZipRecord record : byOffset) {
      boolean first = located.isEmpty();
      if (record.headerOffset() < free || first && record.headerOffset() != 0) {
        throw in(
            record.name(),
            "begins at byte "
                + record.headerOffset()
                + " of the file, expected "
                + (first ? "0" : "at least " + free)
                + ": "
                + BROKEN);
      }
      ZipRecord found = header(record, directoryOffset);
      if (found.dataOffset() > directoryOffset
          || found.storedSize() > directoryOffset - found.dataOffset()) {
        throw in(
            record.name(),
            "its "
                + found.storedSize()
                + " bytes from byte "
                + found.dataOffset()
                + " of the file go beyond byte "
                + directoryOffset
                + ", where the zip directory begins: "
                + BROKEN);
      }
      free = found.end();
      located.put(found.name(), found);
    }
    return records.stream().map(record -> located.get(record.name())).toList();
  }

  private ZipRecord header(ZipRecord record, long directoryOffset) throws IOException {
    long at = record.headerOffset();
    byte[] name = record.name().getBytes(StandardCharsets.UTF_8);
    if (at > directoryOffset - HEADER_BYTES - name.length) {
      throw in(record.name(), "begins at byte " + at + " of the file, beyond its end: " + BROKEN);
    }
    ByteBuffer header = file.read(at, HEADER_BYTES + name.length);
    int magic = header.getInt();
    header.getShort(); // the version of zip that it needs
    int flags = header.getShort();
    int method = Short.toUnsignedInt(header.getShort());
    header.getInt(); // date and time
    long crc = Integer.toUnsignedLong(header.getInt());
    long storedSize = Integer.toUnsignedLong(header.getInt());
    long size = Integer.toUnsignedLong(header.getInt());
    int nameLength = Short.toUnsignedInt(header.getShort());
    int extraLength = Short.toUnsignedInt(header.getShort());
    boolean sizesFollow = (flags & SIZES_FOLLOW) != 0;
    boolean same =
        magic == HEADER_MAGIC
            && method == (record.deflated() ? DEFLATED : STORED)
            && nameLength == name.length
            && header.slice(HEADER_BYTES, name.length).equals(ByteBuffer.wrap(name))
            && (sizesFollow
                || crc == record.crc()
                    && !differs(storedSize, SATURATED, record.storedSize())
                    && !differs(size, SATURATED, record.size()));
    if (!same) {
      throw in(
          record.name(),
          "its header at byte " + at + " of the file contradicts the zip directory: " + BROKEN);
    }
    return record.withDataOffset(at + HEADER_BYTES + nameLength + extraLength);
  }

  private ModelFileException at(long offset, String problem) {
    return ModelFileException.at(file.path(), offset, problem + ": " + BROKEN);
  }

  private ModelFileException in(String entry, String problem) {
    return ModelFileException.in(file.path(), entry, problem);
  }
}
