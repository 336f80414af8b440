// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Storage;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Reads state dicts from zip archives that {@code torch.save} wrote (PyTorch 1.6 and later).
 *
 * <p>Nothing of a file is run: what is not data is an error that names its class. Tensors come to
 * the CPU, whatever device they were saved on.
 */
public final class TorchArchive {
  private static final String PICKLE = "data.pkl";
  private static final int MAX_PICKLE_BYTES = 1 << 28;

  private TorchArchive() {}

  /**
   * Reads a state dict.
   *
   * @param file the archive
   * @param entry the names of the dicts in which the state dict lies, from the outside to the
   *     inside; none if the file is the state dict itself, or has just one
   * @return the tensors by name, in the order of the file; owned by the caller. Tensors that share
   *     memory in the file share it here.
   * @throws ModelFileException if the file is of another kind, damaged, or holds more than data, or
   *     if it is not clear which dict is meant: the message lists those that there are
   * @throws IOException if the file can't be read
   */
  public static Map<String, Tensor> read(Path file, String... entry) throws IOException {
    FileKind kind = FileKind.of(file);
    if (!kind.isOneOf(FileKind.TORCH_SAVE)) {
      throw kind.refuse(file, "a zip archive that torch.save wrote");
    }
    try (ZipArchive archive = ZipArchive.open(file)) {
      EntrySite site = new EntrySite(file, archive.folder() + PICKLE);
      byte[] bytes = archive.read(PICKLE, MAX_PICKLE_BYTES);
      if (bytes == null) {
        throw site.whole("is missing: the file is truncated or altered, copy it again");
      }
      checkByteOrder(archive, site);
      StoragePickles storages = new StoragePickles(site, archive, "data/");
      PickleValue root = PickleReader.read(site, bytes, new SavePickles(site, storages));
      return tensors(archive, storages, choose(site, root, entry));
    }
  }

  private static void checkByteOrder(ZipArchive archive, EntrySite site) throws IOException {
    byte[] order = archive.read("byteorder", 64);
    if (order != null && !new String(order).strip().equals("little")) {
      throw site.whole(
          "belongs to a file of byte order '" + new String(order).strip() + "', expected little");
    }
  }

  private static Mapping choose(EntrySite site, PickleValue root, String... entry) {
    PickleValue at = root;
    StringBuilder path = new StringBuilder();
    for (String name : entry) {
      PickleValue next = at instanceof Mapping mapping ? mapping.entries().get(name) : null;
      if (next == null) {
        throw site.whole(
            "has no '"
                + path
                + name
                + "'"
                + (at instanceof Mapping mapping
                    ? "; there are " + mapping.entries().keySet()
                    : ""));
      }
      path.append(name).append('.');
      at = next;
    }
    if (!(at instanceof Mapping mapping)) {
      throw site.whole("is " + at.words() + ", expected a state dict: a dict of tensors by name");
    }
    if (isStateDict(mapping) || mapping.entries().isEmpty()) {
      return mapping;
    }
    List<Object> candidates = new ArrayList<>();
    mapping
        .entries()
        .forEach(
            (name, value) -> {
              if (value instanceof Mapping inner && isStateDict(inner)) {
                candidates.add(name);
              }
            });
    if (candidates.size() == 1) {
      return (Mapping) mapping.entries().get(candidates.get(0));
    }
    throw site.whole(
        "is a dict with "
            + mapping.entries().keySet()
            + ", not all of them tensors; "
            + (candidates.isEmpty()
                ? "no entry of it is a dict of tensors"
                : "state dicts are at " + candidates + ", say which is meant"));
  }

  private static boolean isStateDict(Mapping mapping) {
    return !mapping.entries().isEmpty()
        && mapping.entries().entrySet().stream()
            .allMatch(e -> e.getKey() instanceof String && e.getValue() instanceof StoredTensor);
  }

  private static Map<String, Tensor> tensors(
      ZipArchive archive, StoragePickles storages, Mapping state) throws IOException {
    Map<String, Tensor> bytes = new HashMap<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    try {
      for (Map.Entry<Object, PickleValue> entry : state.entries().entrySet()) {
        StoredTensor stored = (StoredTensor) entry.getValue();
        Storage storage = stored.storage();
        if (!bytes.containsKey(storage.key())) {
          bytes.put(storage.key(), load(archive, storages.record(storage), storage.byteLength()));
        }
        tensors.put((String) entry.getKey(), view(bytes.get(storage.key()), stored));
      }
      return tensors;
    } catch (IOException | RuntimeException e) {
      tensors.values().forEach(Tensor::close);
      throw e;
    } finally {
      bytes.values().forEach(Tensor::close);
    }
  }

  private static Tensor load(ZipArchive archive, String record, long length) throws IOException {
    Tensor tensor = empty(ScalarType.Byte, length);
    if (length == 0) {
      return tensor;
    }
    try (BytePointer memory = new BytePointer(tensor.data_ptr())) {
      long[] at = {0};
      archive.stream(
          archive.records().get(record),
          chunk -> {
            int size = chunk.remaining();
            ByteBuffer target = memory.getPointer(at[0]).capacity(size).asByteBuffer();
            target.put(chunk);
            at[0] += size;
          });
      return tensor;
    } catch (IOException | RuntimeException e) {
      tensor.close();
      throw e;
    }
  }

  private static Tensor view(Tensor bytes, StoredTensor stored) {
    ScalarType type = stored.type().scalarType();
    long[] sizes = array(stored.layout().sizes());
    if (stored.layout().numel() == 0) {
      return empty(type, sizes);
    }
    long whole = bytes.numel() / stored.type().itemSize() * stored.type().itemSize();
    try (Tensor multiple = bytes.narrow(0, 0, whole);
        Tensor typed = multiple.view(type);
        LongOptional offset = new LongOptional(stored.layout().offset())) {
      return typed.as_strided(sizes, array(stored.layout().strides()), offset);
    }
  }

  private static Tensor empty(ScalarType type, long... sizes) {
    try (TensorOptions options = new TensorOptions(type);
        MemoryFormatOptional format = new MemoryFormatOptional()) {
      return torch.empty(sizes, options, format);
    }
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
