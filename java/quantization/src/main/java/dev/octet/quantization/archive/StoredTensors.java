// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Storage;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import dev.octet.quantization.kernel.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Makes libtorch's tensors of the bytes in an archive; those of one storage share its memory. */
final class StoredTensors {
  private final ZipArchive archive;
  private final StoragePickles storages;

  StoredTensors(ZipArchive archive, StoragePickles storages) {
    this.archive = archive;
    this.storages = storages;
  }

  /** Reads tensors by name; the caller owns them. */
  Map<String, Tensor> read(Map<String, StoredTensor> stored) throws IOException {
    Map<Storage, Tensor> bases = new HashMap<>();
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    boolean done = false;
    try {
      for (Map.Entry<String, StoredTensor> entry : stored.entrySet()) {
        Storage storage = entry.getValue().storage();
        Tensor base = bases.get(storage);
        if (base == null) {
          base = base(storage);
          bases.put(storage, base);
        }
        tensors.put(entry.getKey(), view(base, entry.getValue()));
      }
      done = true;
      return tensors;
    } finally {
      bases.values().forEach(Tensor::close);
      if (!done) {
        tensors.values().forEach(Tensor::close);
      }
    }
  }

  private Tensor base(Storage storage) throws IOException {
    ScalarType type = storage.type() == null ? ScalarType.Byte : storage.type().scalarType();
    Tensor base = Tensors.empty(type, storage.numel());
    boolean done = false;
    try {
      if (storage.numel() > 0) {
        fill(base, archive.records().get(storages.record(storage)));
      }
      done = true;
      return base;
    } finally {
      if (!done) {
        base.close();
      }
    }
  }

  private void fill(Tensor base, ZipRecord record) throws IOException {
    try (BytePointer memory = new BytePointer(base.data_ptr())) {
      long[] position = {0};
      archive.stream(
          record,
          chunk -> {
            int length = chunk.remaining();
            ByteBuffer target =
                memory.position(position[0]).limit(position[0] + length).asByteBuffer();
            target.put(chunk);
            position[0] += length;
          });
    }
  }

  private static Tensor view(Tensor base, StoredTensor stored) {
    TensorLayout layout = stored.layout();
    if (stored.storage().type() == stored.type()) {
      return strided(base, layout);
    }
    try (Tensor typed = base.view(stored.type().scalarType())) {
      return strided(typed, layout);
    }
  }

  private static Tensor strided(Tensor base, TensorLayout layout) {
    try (LongOptional offset = new LongOptional(layout.offset())) {
      return torch.as_strided(base, longs(layout.sizes()), longs(layout.strides()), offset);
    }
  }

  private static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
