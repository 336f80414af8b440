// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PythonPickle.StorageOf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes archives byte for byte as torch.save does. */
final class SavedArchive {
  private final Map<String, byte[]> storages = new LinkedHashMap<>();

  /** Adds a storage of elements that a buffer holds. */
  StorageOf storage(String type, int itemSize, byte[] bytes, String location) {
    String key = Integer.toString(storages.size());
    storages.put(key, bytes);
    return new StorageOf(type, key, location, bytes.length / itemSize);
  }

  StorageOf floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return storage("FloatStorage", 4, bytes.array(), "cpu");
  }

  /** The archive of a value that may use the storages. */
  TorchZip zip(Object value) {
    TorchZip zip = new TorchZip();
    zip.add("archive/data.pkl", PythonPickle.dump(value));
    zip.add("archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    storages.forEach((key, bytes) -> zip.add("archive/data/" + key, bytes));
    zip.add("archive/version", "3\n".getBytes(StandardCharsets.US_ASCII));
    zip.add(
        "archive/.data/serialization_id",
        "0636457737946401051300000025273995036293".getBytes(StandardCharsets.US_ASCII));
    return zip;
  }

  Path write(Path file, Object value) throws IOException {
    return zip(value).write(file);
  }
}
