// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/**
 * Reads the tensors of a {@code torch.save} archive (PyTorch 1.6 or later): a state dict, or one in
 * a dict with other things.
 *
 * <p>Nothing is executed: a pickled model, or any other object of a class, is an error.
 */
public final class TorchArchive {
  private static final int MAX_PICKLE_BYTES = 256 << 20;
  private static final int MAX_WORD_BYTES = 16;
  private static final int MAX_LISTED = 10;
  private static final String PICKLE = "data.pkl";
  private static final String EXPECTED =
      "a torch.save archive, as torch.save(model.state_dict(), file) writes it";

  private TorchArchive() {}

  /**
   * Reads tensors to the CPU, whatever device they were saved on.
   *
   * @param file is read, not changed
   * @param keys lead to the dict in the file, from the outside to the inside, such as {@code
   *     "state_dict"} for a checkpoint with other things beside it; none if the file is the dict
   *     itself, or has just one
   * @return the tensors by name in the file's order, owned by the caller; tensors that shared
   *     memory when they were saved share it again
   * @throws ModelFileException if the file is no sound archive, or has no dict of tensors there;
   *     the message then lists where it has some
   * @throws IOException if the file can't be read
   */
  public static Map<String, Tensor> read(Path file, String... keys) throws IOException {
    for (String key : keys) {
      Objects.requireNonNull(key, "keys");
    }
    FileKind.requireZip(file, EXPECTED);
    try (ZipArchive archive = ZipArchive.open(file)) {
      FileKind kind = ZipKinds.of(archive);
      if (kind != FileKind.TORCH_SAVE) {
        throw kind.refuse(file, EXPECTED);
      }
      return read(archive, keys);
    }
  }

  private static Map<String, Tensor> read(ZipArchive archive, String[] keys) throws IOException {
    checkByteOrder(archive);
    EntrySite site = new EntrySite(archive.path(), archive.folder() + PICKLE);
    StoragePickles storages = new StoragePickles(site, archive, "data/");
    PickleValue root =
        PickleReader.read(
            site, archive.read(PICKLE, MAX_PICKLE_BYTES), new SavePickles(site, storages));
    Map<String, StoredTensor> tensors = chosen(site, root, keys);
    return new StoredTensors(archive, storages).read(tensors);
  }

  private static void checkByteOrder(ZipArchive archive) throws IOException {
    byte[] order = archive.read("byteorder", MAX_WORD_BYTES);
    if (order != null && !new String(order, StandardCharsets.US_ASCII).strip().equals("little")) {
      throw ModelFileException.in(
          archive.path(),
          archive.folder() + "byteorder",
          "the tensors are not little-endian: save them on another processor");
    }
  }

  private static Map<String, StoredTensor> chosen(EntrySite site, PickleValue root, String[] keys) {
    PickleValue value = root;
    for (int i = 0; i < keys.length; i++) {
      PickleValue inner = value instanceof Mapping dict ? dict.entries().get(keys[i]) : null;
      if (inner == null) {
        throw site.whole(
            path(keys, i)
                + " is "
                + value.words()
                + " without '"
                + keys[i]
                + "'"
                + candidates(StateDicts.in(root)));
      }
      value = inner;
    }
    Map<String, StoredTensor> tensors = StateDicts.tensors(value);
    if (tensors != null) {
      return tensors;
    }
    List<StateDicts> found = StateDicts.in(value);
    if (found.size() == 1) {
      return found.get(0).tensors();
    }
    throw site.whole(
        path(keys, keys.length)
            + (value instanceof Mapping dict
                ? " has other things than tensors: " + others(dict)
                : " is " + value.words() + ", expected a dict of tensors")
            + candidates(found.isEmpty() ? StateDicts.in(root) : found));
  }

  private static String others(Mapping dict) {
    List<String> others = new ArrayList<>();
    dict.entries()
        .forEach(
            (key, value) -> {
              if (!(key instanceof String) || !(value instanceof StoredTensor)) {
                others.add("'" + key + "' is " + value.words());
              }
            });
    return listed(others);
  }

  private static String path(String[] keys, int count) {
    return count == 0
        ? "the file's value"
        : "the value at '" + String.join("', '", List.of(keys).subList(0, count)) + "'";
  }

  private static String listed(List<String> words) {
    String text = String.join(", ", words.subList(0, Math.min(MAX_LISTED, words.size())));
    return words.size() > MAX_LISTED
        ? text + " and " + (words.size() - MAX_LISTED) + " more"
        : text;
  }

  private static String candidates(List<StateDicts> found) {
    return found.isEmpty()
        ? "; the file has no dict of tensors: save model.state_dict()"
        : "; name one of its dicts of tensors: "
            + listed(found.stream().map(StateDicts::words).toList());
  }
}
