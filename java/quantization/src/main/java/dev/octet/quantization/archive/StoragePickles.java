// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Global;
import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.Scalar;
import dev.octet.quantization.archive.PickleValue.Storage;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.archive.PickleValue.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What storages and tensors mean in a pickle: each is checked against the archive's records. */
final class StoragePickles {
  static final String UTILS = "torch._utils";
  static final String REBUILD_TENSOR = "_rebuild_tensor_v2";
  static final String UNTYPED = "UntypedStorage";

  private static final Pattern LOCATION = Pattern.compile("[a-z]{2,16}(:[0-9]{1,3})?");
  private static final String META = "meta";
  private static final String QUANTIZED =
      "torch's quantized tensors are not read, save the float model and convert it here";

  private final EntrySite site;
  private final ZipArchive archive;
  private final String folder;
  private final Map<String, Storage> storages = new HashMap<>();
  private long bytesReferenced;

  /**
   * For one pickle.
   *
   * @param folder of the records that hold the bytes, with a slash
   */
  StoragePickles(EntrySite site, ZipArchive archive, String folder) {
    this.site = site;
    this.archive = archive;
    this.folder = folder;
  }

  /** Bytes of all storages, each counted once. */
  long uniqueBytes() {
    return storages.values().stream().mapToLong(Storage::byteLength).sum();
  }

  /** Bytes of all storages, counted each time that the pickle refers to one. */
  long bytesReferenced() {
    return bytesReferenced;
  }

  /** The name of the record with a storage's bytes. */
  String record(Storage storage) {
    return folder + storage.key();
  }

  /** Tells whether a class is one of torch's storage classes, sound or not. */
  static boolean isStorageClass(String module, String name) {
    return module.equals("torch") && name.endsWith("Storage")
        || module.equals("torch.storage") && name.equals(UNTYPED);
  }

  /** A storage: ("storage", class, key, location, number of elements). */
  Storage storage(PickleValue id, long offset) {
    List<PickleValue> parts = id instanceof Tuple tuple ? tuple.items() : List.of();
    if (parts.size() != 5
        || !"storage".equals(plain(parts.get(0)))
        || !(parts.get(1) instanceof Global type)
        || !(plain(parts.get(2)) instanceof String key)
        || !(plain(parts.get(3)) instanceof String location)
        || !(plain(parts.get(4)) instanceof Long numel)) {
      throw site.at(
          offset, id.words() + " as a persistent id, expected the five parts of a storage");
    }
    StorageType element = StorageType.ofStorage(type.name());
    if (element == null && !type.name().equals(UNTYPED)) {
      throw site.at(
          offset, "the storage '" + key + "' is of class " + type.qualified() + ": " + QUANTIZED);
    }
    if (!LOCATION.matcher(location).matches() || location.equals(META)) {
      throw site.at(
          offset,
          "the storage '"
              + key
              + "' was saved on the device '"
              + location
              + "', expected one with memory, such as 'cpu' or 'cuda:0'");
    }
    Storage known = storages.get(key);
    if (known != null && (known.type() != element || known.numel() != numel)) {
      throw site.at(offset, "the storage '" + key + "' is there twice, with two types or sizes");
    }
    Storage storage = known != null ? known : new Storage(key, element, numel);
    if (known == null) {
      checkRecord(storage, offset);
      storages.put(key, storage);
    }
    bytesReferenced += storage.byteLength();
    return storage;
  }

  private void checkRecord(Storage storage, long offset) {
    int itemSize = storage.type() == null ? 1 : storage.type().itemSize();
    if (storage.numel() < 0 || storage.numel() > Long.MAX_VALUE / itemSize) {
      throw site.at(
          offset, "the storage '" + storage.key() + "' has " + storage.numel() + " elements");
    }
    ZipRecord record = archive.records().get(record(storage));
    if (record == null) {
      if (storage.numel() == 0) {
        return;
      }
      throw site.at(
          offset,
          "the entry '"
              + archive.folder()
              + record(storage)
              + "' with "
              + storage.byteLength()
              + " bytes of tensors is missing: the file is truncated or altered, copy it again");
    }
    if (record.size() != storage.byteLength()) {
      throw site.at(
          offset,
          "the storage '"
              + storage.key()
              + "' has "
              + storage.numel()
              + " elements of "
              + itemSize
              + " bytes, but the entry '"
              + record.name()
              + "' has "
              + record.size()
              + " bytes");
    }
  }

  /** A tensor: (storage, offset, sizes, strides, ...). */
  StoredTensor tensor(List<PickleValue> arguments, StorageType dtype, long offset) {
    if (!(arguments.get(0) instanceof Storage storage)
        || !(plain(arguments.get(1)) instanceof Long storageOffset)) {
      throw site.at(
          offset,
          "a tensor is made of "
              + arguments.get(0).words()
              + " and "
              + arguments.get(1).words()
              + ", expected a storage and an offset");
    }
    StorageType type = dtype != null ? dtype : storage.type();
    if (type == null) {
      throw site.at(offset, "a tensor without an element type");
    }
    TensorLayout layout =
        new TensorLayout(
            storageOffset, longs(arguments.get(2), offset), longs(arguments.get(3), offset));
    String problem = layout.problem(storage.byteLength() / type.itemSize(), type.itemSize());
    if (problem != null) {
      throw site.at(offset, problem);
    }
    return new StoredTensor(storage, type, layout);
  }

  /** The flags of a tensor that the imaginary part or the sign is to be taken the other way. */
  void checkFlags(PickleValue flags, long offset) {
    if (!(flags instanceof Mapping mapping)) {
      throw site.at(offset, flags.words() + " as a tensor's flags, expected a dict");
    }
    for (Map.Entry<Object, PickleValue> flag : mapping.entries().entrySet()) {
      boolean known = flag.getKey().equals("conj") || flag.getKey().equals("neg");
      if (!known || !Boolean.FALSE.equals(plain(flag.getValue()))) {
        throw site.at(
            offset,
            "a tensor with the flag '"
                + flag.getKey()
                + "', a lazily conjugated or negated view: save its resolve_conj() or"
                + " resolve_neg()");
      }
    }
  }

  private List<Long> longs(PickleValue value, long offset) {
    List<PickleValue> items = value instanceof Tuple tuple ? tuple.items() : null;
    if (items == null) {
      throw site.at(offset, value.words() + " as sizes or strides, expected a tuple");
    }
    List<Long> longs = new ArrayList<>(items.size());
    for (PickleValue item : items) {
      if (!(plain(item) instanceof Long number)) {
        throw site.at(offset, item.words() + " as a size or stride, expected an int");
      }
      longs.add(number);
    }
    return longs;
  }

  /** The plain value of a scalar; the value itself for others. */
  static Object plain(PickleValue value) {
    return value instanceof Scalar scalar ? scalar.value() : value;
  }
}
