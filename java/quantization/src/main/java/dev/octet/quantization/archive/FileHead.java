// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Recognizes files by their first bytes. */
final class FileHead {
  private static final int LENGTH = 4096;
  private static final int TAR_MAGIC_AT = 257;
  private static final int FLATBUFFER_MAGIC_AT = 4;
  // protocol 2, then the long 0x1950a86a20f9469cfc6c, then the end
  private static final int[] TORCH_MAGIC = {
    0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'
  };
  private static final long MAX_SAFETENSORS_HEADER = 100_000_000;
  private static final int INDEX_BYTES = 64 << 20;

  private FileHead() {}

  static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(LENGTH);
    }
  }

  /** Tells whether a JSON document is the index of a sharded safetensors file. */
  static boolean isShardIndex(Path file) throws IOException {
    return Files.size(file) <= INDEX_BYTES && Files.readString(file).contains("\"weight_map\"");
  }

  /** The kind; ZIP for all zip archives, JSON for all JSON documents. */
  static FileKind kind(byte[] head) {
    if (head.length == 0) {
      return FileKind.EMPTY;
    }
    FileKind kind = binary(head);
    if (kind == null) {
      kind = text(head);
    }
    if (kind == null) {
      kind = protobuf(head);
    }
    return kind == null ? FileKind.UNKNOWN : kind;
  }

  private static FileKind binary(byte[] head) {
    if (starts(head, 0, 'P', 'K', 3, 4) || starts(head, 0, 'P', 'K', 5, 6)) {
      return FileKind.ZIP;
    }
    if (starts(head, 0, TORCH_MAGIC)) {
      return FileKind.LEGACY_TORCH_SAVE;
    }
    if (head.length > 2 && starts(head, 0, 0x80) && head[1] >= 2 && head[1] <= 5) {
      return FileKind.PICKLE;
    }
    if (isSafetensors(head)) {
      return FileKind.SAFETENSORS;
    }
    if (starts(head, 0, 'G', 'G', 'U', 'F')) {
      return FileKind.GGUF;
    }
    if (starts(head, 0, 'l', 'm', 'g', 'g')
        || starts(head, 0, 't', 'j', 'g', 'g')
        || starts(head, 0, 'f', 'm', 'g', 'g')) {
      return FileKind.GGML;
    }
    if (starts(head, 0, 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n')) {
      return FileKind.HDF5;
    }
    if (starts(head, 0, 0x93, 'N', 'U', 'M', 'P', 'Y')) {
      return FileKind.NUMPY;
    }
    return flatbufferOrContainer(head);
  }

  private static FileKind flatbufferOrContainer(byte[] head) {
    if (starts(head, FLATBUFFER_MAGIC_AT, 'T', 'F', 'L', '3')) {
      return FileKind.TENSORFLOW_LITE;
    }
    if (starts(head, FLATBUFFER_MAGIC_AT, 'P', 'T', 'M', 'F')) {
      return FileKind.MOBILE_FLATBUFFER;
    }
    if (starts(head, FLATBUFFER_MAGIC_AT, 'E', 'T', '1')) {
      return FileKind.EXECUTORCH;
    }
    if (starts(head, 0, 0x1f, 0x8b)) {
      return FileKind.GZIP;
    }
    if (starts(head, 0, 'B', 'Z', 'h')) {
      return FileKind.BZIP2;
    }
    if (starts(head, 0, 0xfd, '7', 'z', 'X', 'Z', 0)) {
      return FileKind.XZ;
    }
    if (starts(head, 0, 0x28, 0xb5, 0x2f, 0xfd)) {
      return FileKind.ZSTD;
    }
    if (starts(head, 0, '7', 'z', 0xbc, 0xaf, 0x27, 0x1c)) {
      return FileKind.SEVEN_ZIP;
    }
    if (starts(head, TAR_MAGIC_AT, 'u', 's', 't', 'a', 'r')) {
      String name = new String(head, 0, 100, StandardCharsets.ISO_8859_1);
      boolean torch = name.startsWith("sys_info\0") || name.startsWith("storages\0");
      return torch ? FileKind.LEGACY_TAR : FileKind.TAR;
    }
    if (starts(head, 0, '%', 'P', 'D', 'F')) {
      return FileKind.PDF;
    }
    if (starts(head, 0, 0x89, 'P', 'N', 'G')) {
      return FileKind.PNG;
    }
    if (starts(head, 0, 0xff, 0xd8, 0xff)) {
      return FileKind.JPEG;
    }
    return starts(head, 0, 0x7f, 'E', 'L', 'F') || starts(head, 0, 'M', 'Z', 0x90, 0)
        ? FileKind.EXECUTABLE
        : null;
  }

  private static boolean isSafetensors(byte[] head) {
    if (head.length < Long.BYTES + 2) {
      return false;
    }
    long header = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return header >= 2 && header <= MAX_SAFETENSORS_HEADER && head[Long.BYTES] == '{';
  }

  private static FileKind text(byte[] head) {
    String text = decode(head);
    if (text == null) {
      return null;
    }
    String start = text.stripLeading().toLowerCase(Locale.ROOT);
    if (start.startsWith("version https://git-lfs")) {
      return FileKind.GIT_LFS_POINTER;
    }
    if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
      return FileKind.HTML;
    }
    if (start.startsWith("<")) {
      return start.contains("<html")
          ? FileKind.HTML
          : start.contains("<net ") && start.contains("<layers") ? FileKind.OPENVINO : FileKind.XML;
    }
    return start.startsWith("{") || start.startsWith("[") ? FileKind.JSON : FileKind.TEXT;
  }

  /** The text, or null if the bytes are none; the last character may be cut. */
  private static String decode(byte[] head) {
    for (byte b : head) {
      if (b >= 0 && b < ' ' && !Character.isWhitespace(b)) {
        return null;
      }
    }
    CharBuffer text = CharBuffer.allocate(head.length);
    CoderResult result =
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(head), text, false);
    return result.isError() ? null : text.flip().toString();
  }

  /**
   * ONNX begins with the version of its format and the producer, TensorFlow with a version or a
   * node.
   */
  private static FileKind protobuf(byte[] head) {
    if (head.length < 8) {
      return null;
    }
    if (head[0] == 0x08 && head[1] > 0 && head[1] < 32 && (head[2] == 0x12 || head[2] == 0x3a)) {
      return FileKind.ONNX;
    }
    if (head[0] == 0x0a && contains(head, "Placeholder")
        || head[0] == 0x08 && contains(head, "serve")) {
      return FileKind.TENSORFLOW_GRAPH;
    }
    return null;
  }

  private static boolean contains(byte[] head, String text) {
    return new String(head, StandardCharsets.ISO_8859_1).contains(text);
  }

  private static boolean starts(byte[] head, int at, int... magic) {
    if (head.length < at + magic.length) {
      return false;
    }
    for (int i = 0; i < magic.length; i++) {
      if ((head[at + i] & 0xff) != magic[i]) {
        return false;
      }
    }
    return true;
  }
}
