// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * The entries of an archive, to be changed and written again byte for byte as torch writes them.
 */
final class TorchZip {
  private static final int ALIGNMENT = 64;

  /** An entry: its whole name, its bytes, and whether they are written compressed. */
  record Entry(String name, byte[] bytes, boolean deflated) {
    Entry withBytes(byte[] other) {
      return new Entry(name, other, deflated);
    }

    Entry withName(String other) {
      return new Entry(other, bytes, deflated);
    }
  }

  private final List<Entry> entries = new ArrayList<>();

  /** Reads an archive that torch wrote. */
  static TorchZip read(Path file) throws IOException {
    TorchZip zip = new TorchZip();
    try (ZipArchive archive = ZipArchive.open(file)) {
      for (ZipRecord record : archive.records().values()) {
        String name = record.name().substring(archive.folder().length());
        zip.add(record.name(), archive.read(name, Integer.MAX_VALUE - 16), record.deflated());
      }
    }
    return zip;
  }

  TorchZip copy() {
    TorchZip copy = new TorchZip();
    copy.entries.addAll(entries);
    return copy;
  }

  /** The entries, which may be changed. */
  List<Entry> entries() {
    return entries;
  }

  TorchZip add(String name, byte[] bytes, boolean deflated) {
    entries.add(new Entry(name, bytes, deflated));
    return this;
  }

  TorchZip add(String name, byte[] bytes) {
    return add(name, bytes, false);
  }

  /** The index of the entry whose name ends so. */
  int indexOf(String end) {
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).name().endsWith(end)) {
        return i;
      }
    }
    throw new IllegalArgumentException("no entry ends with " + end);
  }

  byte[] get(String end) {
    return entries.get(indexOf(end)).bytes();
  }

  String text(String end) {
    return new String(get(end), StandardCharsets.UTF_8);
  }

  TorchZip set(String end, byte[] bytes) {
    int index = indexOf(end);
    entries.set(index, entries.get(index).withBytes(bytes));
    return this;
  }

  TorchZip set(String end, String text) {
    return set(end, text.getBytes(StandardCharsets.UTF_8));
  }

  Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }

  byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream directory = new ByteArrayOutputStream();
    try {
      for (Entry entry : entries) {
        write(entry, out, directory);
      }
      long start = out.size();
      out.write(directory.toByteArray());
      out.write(end(start, directory.size(), entries.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void write(Entry entry, ByteArrayOutputStream out, ByteArrayOutputStream directory)
      throws IOException {
    byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
    byte[] stored = entry.deflated() ? deflate(entry.bytes()) : entry.bytes();
    CRC32 crc = new CRC32();
    crc.update(entry.bytes());
    final int offset = out.size();
    int start = offset + 30 + name.length + 4;
    int padding = (ALIGNMENT - start % ALIGNMENT) % ALIGNMENT;
    short version = (short) (entry.deflated() ? 20 : 0);
    short method = (short) (entry.deflated() ? 8 : 0);
    ByteBuffer header = buffer(30 + name.length + 4 + padding);
    header.putInt(0x04034b50).putShort(version).putShort((short) 0x0808).putShort(method);
    header.putInt(0).putInt(0).putInt(0).putInt(0);
    header.putShort((short) name.length).putShort((short) (4 + padding)).put(name);
    header.put((byte) 'F').put((byte) 'B').putShort((short) padding);
    while (header.hasRemaining()) {
      header.put((byte) 'Z');
    }
    out.write(header.array());
    out.write(stored);
    ByteBuffer descriptor = buffer(16);
    descriptor.putInt(0x08074b50).putInt((int) crc.getValue());
    descriptor.putInt(stored.length).putInt(entry.bytes().length);
    out.write(descriptor.array());
    ByteBuffer central = buffer(46 + name.length);
    central.putInt(0x02014b50).putShort((short) 0).putShort(version).putShort((short) 0x0808);
    central.putShort(method).putInt(0).putInt((int) crc.getValue());
    central.putInt(stored.length).putInt(entry.bytes().length);
    central.putShort((short) name.length).putShort((short) 0).putShort((short) 0);
    central.putShort((short) 0).putShort((short) 0).putInt(0).putInt(offset).put(name);
    directory.write(central.array());
  }

  private static byte[] end(long start, long length, long count) {
    ByteBuffer end = buffer(56 + 20 + 22);
    end.putInt(0x06064b50).putLong(44).putShort((short) 0x031e).putShort((short) 45);
    end.putInt(0).putInt(0).putLong(count).putLong(count).putLong(length).putLong(start);
    end.putInt(0x07064b50).putInt(0).putLong(start + length).putInt(1);
    end.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
    end.putShort((short) count).putShort((short) count);
    end.putInt((int) length).putInt((int) start).putShort((short) 0);
    return end.array();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] deflate(byte[] bytes) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    deflater.setInput(bytes);
    deflater.finish();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] chunk = new byte[8192];
    while (!deflater.finished()) {
      out.write(chunk, 0, deflater.deflate(chunk));
    }
    deflater.end();
    return out.toByteArray();
  }
}
