// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads parts of a file. By reading and not by mapping: a mapped file that another process cuts
 * short kills the one that reads it.
 */
final class FileBytes implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;
  private final long size;

  private FileBytes(Path path, FileChannel channel, long size) {
    this.path = path;
    this.channel = channel;
    this.size = size;
  }

  static FileBytes open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new FileBytes(path, channel, channel.size());
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  Path path() {
    return path;
  }

  /** Bytes of the file when it was opened. */
  long size() {
    return size;
  }

  /** Reads some bytes, little-endian; they must lie in the file. */
  ByteBuffer read(long offset, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    read(offset, bytes);
    return bytes.flip();
  }

  /** Fills what remains of a buffer. */
  void read(long offset, ByteBuffer into) throws IOException {
    long position = offset;
    while (into.hasRemaining()) {
      int count = channel.read(into, position);
      if (count < 0) {
        throw ModelFileException.at(
            path, position, "the file ended while it was read: another process changes it");
      }
      position += count;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
