// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Reads a safetensors file. The header is checked whole when the file is opened: types, shapes,
 * offsets, no overlap, no gap, no missing byte.
 *
 * <p>Instances are safe for use by several threads. Buffers handed out stay valid after {@link
 * #close()}.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The longest header that the format's own readers accept. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private final Path path;
  private final FileChannel channel;
  private final long dataStart;
  private final SafetensorsHeader header;
  private ByteBuffer whole;

  private SafetensorsFile(
      Path path, FileChannel channel, long dataStart, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.dataStart = dataStart;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws SafetensorsException if the file is not a whole, well-formed safetensors file; the
   *     message says where it is not
   * @throws IOException if the file can't be read
   */
  public static SafetensorsFile open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long size = channel.size();
      if (size < Long.BYTES) {
        throw new SafetensorsException(
            path + ": the file has " + size + " bytes, too few for a safetensors file");
      }
      long headerLength = read(channel, 0, Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (headerLength < 2 || headerLength > MAX_HEADER_BYTES || headerLength > size - Long.BYTES) {
        throw new SafetensorsException(
            path
                + ": the header length is "
                + Long.toUnsignedString(headerLength)
                + " in a file of "
                + size
                + " bytes: not a safetensors file, or a truncated one");
      }
      long dataStart = Long.BYTES + headerLength;
      byte[] json = read(channel, Long.BYTES, (int) headerLength).array();
      SafetensorsHeader header = SafetensorsHeader.parse(path.toString(), json, size - dataStart);
      return new SafetensorsFile(path, channel, dataStart, header);
    } catch (IOException | RuntimeException e) {
      try {
        channel.close();
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static ByteBuffer read(FileChannel channel, long position, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, position + buffer.position()) < 0) {
        throw new EOFException("the file ended at byte " + (position + buffer.position()));
      }
    }
    return buffer.flip();
  }

  /** Returns the names of the tensors, in file order. */
  public Set<String> names() {
    return header.tensors().keySet();
  }

  /** Returns the tensors' descriptions by name, in file order. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  /** Returns the entries of the header's {@code __metadata__}. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Returns the description of a tensor.
   *
   * @throws IllegalArgumentException if the file has no tensor of that name
   */
  public TensorInfo info(String name) {
    TensorInfo info = header.tensors().get(name);
    if (info == null) {
      throw new IllegalArgumentException(path + " has no tensor '" + name + "'");
    }
    return info;
  }

  /**
   * Maps the bytes of a tensor into memory.
   *
   * @return a read-only buffer in little-endian order, from 0 to the tensor's byte length
   * @throws IllegalArgumentException if the file has no tensor of that name, or one of more than 2
   *     GiB
   */
  public ByteBuffer data(String name) throws IOException {
    TensorInfo info = info(name);
    if (info.byteLength() > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          path
              + ": tensor '"
              + name
              + "' has "
              + info.byteLength()
              + " bytes, a buffer holds at most "
              + Integer.MAX_VALUE);
    }
    long dataLength = channel.size() - dataStart;
    ByteBuffer mapped =
        dataLength <= Integer.MAX_VALUE
            ? wholeData(dataLength).slice((int) info.offset(), (int) info.byteLength())
            : map(info.offset(), info.byteLength());
    return mapped.order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Maps the data section once: thousands of small mappings are more than a system may allow. */
  private synchronized ByteBuffer wholeData(long length) throws IOException {
    if (whole == null) {
      whole = map(0, length);
    }
    return whole;
  }

  private ByteBuffer map(long offset, long length) throws IOException {
    return channel.map(FileChannel.MapMode.READ_ONLY, dataStart + offset, length);
  }

  /** Closes the file. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
