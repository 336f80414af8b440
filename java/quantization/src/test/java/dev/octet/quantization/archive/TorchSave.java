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
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes archives as torch.save does, opcode by opcode. */
public final class TorchSave {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  private final Map<String, byte[]> storages = new LinkedHashMap<>();

  /** Starts a pickle of protocol 2. */
  public TorchSave() {
    bytes(0x80, 2);
  }

  private void bytes(int... values) {
    for (int value : values) {
      pickle.write(value);
    }
  }

  /** Names a class or function. */
  public TorchSave global(String module, String name) {
    pickle.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Pushes a string. */
  public TorchSave text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    bytes('X');
    pickle.writeBytes(little(4).putInt(utf8.length).array());
    pickle.writeBytes(utf8);
    return this;
  }

  /** Pushes an integer. */
  public TorchSave number(int value) {
    bytes('J');
    pickle.writeBytes(little(4).putInt(value).array());
    return this;
  }

  /** Begins an OrderedDict or, inside of one, a nested one. */
  public TorchSave beginDict() {
    return orderedDict().op("(");
  }

  private TorchSave orderedDict() {
    return global("collections", "OrderedDict").op(")R");
  }

  /** Ends it, with the attribute that state dicts have. */
  public TorchSave endDict() {
    op("u}");
    return text("_metadata").orderedDict().op("sb");
  }

  /** Writes opcodes of one byte. */
  public TorchSave op(String opcodes) {
    pickle.writeBytes(opcodes.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  /** Adds the bytes of a storage. */
  public TorchSave storage(String key, byte[] data) {
    storages.put(key, data);
    return this;
  }

  /** Pushes a tensor. */
  public TorchSave tensor(
      String type, String key, String device, int numel, int offset, int[] sizes, int[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").op("((").text("storage").global("torch", type);
    text(key).text(device).number(numel).op("tQ").number(offset);
    tuple(sizes).tuple(strides);
    bytes(0x89);
    return orderedDict().op("tR");
  }

  /** Pushes a parameter. */
  public TorchSave parameter(String key, int numel, int[] sizes, int[] strides) {
    global("torch._utils", "_rebuild_parameter").op("(");
    tensor("FloatStorage", key, "cpu", numel, 0, sizes, strides);
    bytes(0x88);
    return orderedDict().op("tR");
  }

  private TorchSave tuple(int[] values) {
    op("(");
    for (int value : values) {
      number(value);
    }
    return op("t");
  }

  /** Writes the archive. */
  public Path write(Path file) {
    op(".");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      put(zip, "archive/data.pkl", pickle.toByteArray());
      put(zip, "archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
      for (Map.Entry<String, byte[]> storage : storages.entrySet()) {
        put(zip, "archive/data/" + storage.getKey(), storage.getValue());
      }
      put(zip, "archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void put(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(bytes);
    zip.closeEntry();
  }

  /** The bytes of floats. */
  public static byte[] floats(float... values) {
    ByteBuffer data = little(4 * values.length);
    for (float value : values) {
      data.putFloat(value);
    }
    return data.array();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
