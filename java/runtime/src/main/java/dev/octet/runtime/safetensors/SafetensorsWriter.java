// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

/**
 * Collects tensors and writes them as one safetensors file.
 *
 * <p>The file appears under its name only when it is whole: it is written beside it first and then
 * moved. Not safe for use by several threads.
 */
public final class SafetensorsWriter {
  private static final JsonMapper JSON = new JsonMapper();

  /** The data begins at a multiple of it, so that a mapped file can be used in place. */
  private static final int ALIGNMENT = 64;

  private record Entry(SafetensorsDtype dtype, List<Long> shape, ByteBuffer data) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /**
   * Adds a tensor; its bytes are read when the file is written.
   *
   * @param data the elements, little-endian and row-major, from position to limit
   * @throws IllegalArgumentException if the name is taken or reserved, or the bytes don't fit type
   *     and shape
   */
  public SafetensorsWriter add(
      String name, SafetensorsDtype dtype, List<Long> shape, ByteBuffer data) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(dtype, "dtype");
    if (name.equals("__metadata__")) {
      throw new IllegalArgumentException("name '__metadata__' is reserved by the format");
    }
    long bytes = dtype.byteSize();
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException("tensor '" + name + "': negative size in " + shape);
      }
      bytes = Math.multiplyExact(bytes, size);
    }
    if (data.remaining() != bytes) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "': "
              + dtype
              + " "
              + shape
              + " takes "
              + bytes
              + " bytes, data has "
              + data.remaining());
    }
    if (entries.putIfAbsent(name, new Entry(dtype, List.copyOf(shape), data.slice())) != null) {
      throw new IllegalArgumentException("tensor '" + name + "' was added before");
    }
    return this;
  }

  /** Adds an entry to the header's free text. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(Objects.requireNonNull(key, "key"), Objects.requireNonNull(value, "value"));
    return this;
  }

  /** Writes the file, replacing one that is there. */
  public void write(Path path) throws IOException {
    Path target = path.toAbsolutePath();
    Path directory = target.getParent();
    // Not Files.createTempFile: the file would stay readable by its owner alone.
    Path temporary =
        directory.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".partial");
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        writeFully(channel, header());
        for (Entry entry : entries.values()) {
          writeFully(channel, entry.data().duplicate());
        }
      }
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private ByteBuffer header() throws IOException {
    ObjectNode root = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode node = root.putObject("__metadata__");
      metadata.forEach(node::put);
    }
    long offset = 0;
    for (Map.Entry<String, Entry> named : entries.entrySet()) {
      Entry entry = named.getValue();
      ObjectNode node = root.putObject(named.getKey());
      node.put("dtype", entry.dtype().name());
      ArrayNode shape = node.putArray("shape");
      entry.shape().forEach(shape::add);
      long end = offset + entry.data().remaining();
      node.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    byte[] json = JSON.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
    int end = (Long.BYTES + json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    int padded = end - Long.BYTES;
    ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(padded).put(json);
    while (buffer.hasRemaining()) {
      buffer.put((byte) ' ');
    }
    return buffer.flip();
  }

  private static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
