// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A zip archive as torch writes them: all entries below one folder, whose name does not matter.
 * Opening reads the directory; the contents of an entry are checked against its CRC-32 when they
 * are read.
 *
 * <p>Not the JDK's zip reader, which accepts much that libtorch's reads in another way (entries
 * twice, data before the first, headers that contradict the directory) and gives no offsets.
 *
 * <p>For one thread.
 */
final class ZipArchive implements AutoCloseable {
  private static final int CHUNK = 1 << 18;
  // More than what a compressed entry of a sound archive needs: code and pickles.
  private static final long MAX_EXPANDED = 256L << 20;
  private static final long MAX_EXPANSION = 16;

  private final FileBytes file;
  private final String folder;
  private final Map<String, ZipRecord> records;
  private ByteBuffer chunk;

  private ZipArchive(FileBytes file, String folder, Map<String, ZipRecord> records) {
    this.file = file;
    this.folder = folder;
    this.records = Collections.unmodifiableMap(records);
  }

  /**
   * Opens an archive.
   *
   * @throws ModelFileException if the file is not a sound zip archive
   */
  static ZipArchive open(Path path) throws IOException {
    FileBytes file = FileBytes.open(path);
    try {
      List<ZipRecord> all = ZipDirectory.read(file);
      checkExpansion(file, all);
      // The folder is that of the directory's first entry, for libtorch too.
      String first = all.get(0).name();
      String folder = first.substring(0, first.indexOf('/') + 1);
      Map<String, ZipRecord> records = new LinkedHashMap<>();
      for (ZipRecord record : all) {
        if (record.name().startsWith(folder)) {
          records.put(record.name().substring(folder.length()), record);
        }
      }
      return new ZipArchive(file, folder, records);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static void checkExpansion(FileBytes file, Collection<ZipRecord> records) {
    long limit = MAX_EXPANDED + MAX_EXPANSION * file.size();
    long expanded = 0;
    for (ZipRecord record : records) {
      if (record.deflated()) {
        expanded += Math.min(record.size(), limit + 1);
        if (expanded > limit) {
          throw ModelFileException.in(
              file.path(),
              record.name(),
              "with it the compressed entries expand to more than "
                  + limit
                  + " bytes, in a file of "
                  + file.size()
                  + ": no model that torch saved does");
        }
      }
    }
  }

  Path path() {
    return file.path();
  }

  /** Bytes of the whole file. */
  long fileSize() {
    return file.size();
  }

  /** The archive's folder with a slash, or nothing if entries lie at the top. */
  String folder() {
    return folder;
  }

  /** The entries by their names in the folder, in the order of the directory. */
  Map<String, ZipRecord> records() {
    return records;
  }

  boolean has(String name) {
    return records.containsKey(name);
  }

  /** Returns the bytes of a small entry, or null if there is none of the name. */
  byte[] read(String name, int maxBytes) throws IOException {
    ZipRecord record = records.get(name);
    if (record == null) {
      return null;
    }
    if (record.size() > maxBytes) {
      throw ModelFileException.in(
          path(),
          record.name(),
          record.size() + " bytes, expected at most " + maxBytes + " in an entry of this kind");
    }
    byte[] bytes = new byte[(int) record.size()];
    ByteBuffer target = ByteBuffer.wrap(bytes);
    stream(record, target::put);
    return bytes;
  }

  /** Reads an entry to check its CRC-32. */
  void verify(ZipRecord record) throws IOException {
    stream(record, chunk -> {});
  }

  /** Reads an entry to the last byte in pieces, then checks its CRC-32. */
  void stream(ZipRecord record, ChunkConsumer consumer) throws IOException {
    CRC32 crc = new CRC32();
    if (record.deflated()) {
      inflate(record, crc, consumer);
    } else {
      ByteBuffer buffer = chunk();
      for (long done = 0; done < record.size(); ) {
        buffer.clear().limit((int) Math.min(CHUNK, record.size() - done));
        file.read(record.dataOffset() + done, buffer);
        buffer.flip();
        done += buffer.limit();
        crc.update(buffer);
        consumer.accept(buffer.flip());
      }
    }
    if (crc.getValue() != record.crc()) {
      throw ModelFileException.in(
          path(),
          record.name(),
          String.format(
              "the CRC-32 of its bytes is %08x, the archive says %08x: the file is altered, or was"
                  + " saved after torch.serialization.set_crc32_options(False); copy, download or"
                  + " save it again",
              crc.getValue(), record.crc()));
    }
  }

  private ByteBuffer chunk() {
    if (chunk == null) {
      chunk = ByteBuffer.allocateDirect(CHUNK);
    }
    return chunk;
  }

  /** Takes a piece of an entry; the buffer is used again for the next. */
  @FunctionalInterface
  interface ChunkConsumer {
    void accept(ByteBuffer chunk) throws IOException;
  }

  private void inflate(ZipRecord record, CRC32 crc, ChunkConsumer consumer) throws IOException {
    Inflater inflater = new Inflater(true);
    try {
      ByteBuffer input = ByteBuffer.allocate((int) Math.min(CHUNK, record.storedSize()));
      ByteBuffer output = ByteBuffer.allocate((int) Math.min(CHUNK, record.size() + 1));
      long read = 0;
      long written = 0;
      while (!inflater.finished()) {
        if (inflater.needsInput()) {
          if (read == record.storedSize()) {
            throw broken(record, "its compressed data end too early");
          }
          input.clear().limit((int) Math.min(input.capacity(), record.storedSize() - read));
          file.read(record.dataOffset() + read, input);
          read += input.flip().limit();
          inflater.setInput(input);
        }
        output.clear();
        inflater.inflate(output);
        output.flip();
        written += output.limit();
        if (written > record.size() || inflater.needsDictionary()) {
          throw broken(record, "expands to more than the " + record.size() + " bytes it states");
        }
        crc.update(output);
        consumer.accept(output.flip());
      }
      if (written != record.size() || inflater.getRemaining() > 0 || read != record.storedSize()) {
        throw broken(record, "expands to " + written + " bytes, the archive says " + record.size());
      }
    } catch (DataFormatException e) {
      throw broken(record, "its compressed data are damaged (" + e.getMessage() + ")");
    } finally {
      inflater.end();
    }
  }

  private ModelFileException broken(ZipRecord record, String problem) {
    return ModelFileException.in(
        path(),
        record.name(),
        problem + ": the file is truncated or altered: copy or download it again");
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
