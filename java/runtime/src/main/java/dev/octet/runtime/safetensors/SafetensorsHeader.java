// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.octet.runtime.json.JsonTree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The checked contents of a header: tensors by name in file order, and the free text entries. */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  private static final String METADATA = "__metadata__";

  private static final Comparator<Map.Entry<String, TensorInfo>> BY_OFFSET =
      new Comparator<>() {
        @Override
        public int compare(Map.Entry<String, TensorInfo> a, Map.Entry<String, TensorInfo> b) {
          TensorInfo first = a.getValue();
          TensorInfo second = b.getValue();
          int order = Long.compare(first.offset(), second.offset());
          return order != 0 ? order : Long.compare(first.byteLength(), second.byteLength());
        }
      };

  /**
   * Parses a header.
   *
   * @param file name of the file, for messages
   * @param json the header's bytes
   * @param dataLength bytes of the file after the header; the tensors must fill them without gaps
   */
  static SafetensorsHeader parse(String file, byte[] json, long dataLength)
      throws SafetensorsException {
    Object value;
    try {
      value = JsonTree.read(json);
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          file + ": the header is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new SafetensorsException(file + ": the header can't be read: " + e.getMessage(), e);
    }
    Map<String, Object> root = JsonTree.object(value);
    if (root == null) {
      throw new SafetensorsException(file + ": the header is not a JSON object");
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, Object> entry : root.entrySet()) {
      if (entry.getKey().equals(METADATA)) {
        readMetadata(file, entry.getValue(), metadata);
      } else {
        tensors.put(entry.getKey(), readTensor(file, entry.getKey(), entry.getValue(), dataLength));
      }
    }
    checkLayout(file, tensors, dataLength);
    return new SafetensorsHeader(
        Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
  }

  private static void readMetadata(String file, Object value, Map<String, String> metadata)
      throws SafetensorsException {
    Map<String, Object> fields = JsonTree.object(value);
    if (fields == null) {
      throw new SafetensorsException(file + ": " + METADATA + " is not a JSON object");
    }
    for (Map.Entry<String, Object> entry : fields.entrySet()) {
      if (!(entry.getValue() instanceof String text)) {
        throw new SafetensorsException(
            file + ": " + METADATA + "." + entry.getKey() + " is not a string");
      }
      metadata.put(entry.getKey(), text);
    }
  }

  private static TensorInfo readTensor(String file, String name, Object value, long dataLength)
      throws SafetensorsException {
    String where = file + ": tensor '" + name + "': ";
    Map<String, Object> fields = JsonTree.object(value);
    if (fields == null) {
      throw new SafetensorsException(where + "is not a JSON object");
    }
    SafetensorsDtype dtype = readDtype(where, fields.get("dtype"));
    List<Long> shape = readLongs(where, "shape", fields.get("shape"));
    List<Long> offsets = readLongs(where, "data_offsets", fields.get("data_offsets"));
    if (offsets.size() != 2) {
      throw new SafetensorsException(
          where + "data_offsets has " + offsets.size() + " entries, expected [begin, end]");
    }
    long bytes = dtype.byteSize();
    try {
      for (long size : shape) {
        bytes = Math.multiplyExact(bytes, size);
      }
    } catch (ArithmeticException e) {
      throw new SafetensorsException(where + "shape " + shape + " has too many elements", e);
    }
    long begin = offsets.get(0);
    long end = offsets.get(1);
    if (begin > end || end > dataLength) {
      throw new SafetensorsException(
          where
              + "data_offsets "
              + offsets
              + " lie outside the "
              + dataLength
              + " bytes of data: the file is truncated or altered");
    }
    if (end - begin != bytes) {
      throw new SafetensorsException(
          where
              + "data_offsets "
              + offsets
              + " span "
              + (end - begin)
              + " bytes, but "
              + dtype
              + " "
              + shape
              + " takes "
              + bytes);
    }
    return new TensorInfo(dtype, shape, begin, bytes);
  }

  private static SafetensorsDtype readDtype(String where, Object name) throws SafetensorsException {
    for (SafetensorsDtype dtype : SafetensorsDtype.values()) {
      if (dtype.name().equals(name)) {
        return dtype;
      }
    }
    throw new SafetensorsException(
        where
            + "dtype is "
            + (name instanceof String ? "\"" + name + "\"" : name == null ? "missing" : name)
            + ", expected one of "
            + List.of(SafetensorsDtype.values()));
  }

  private static List<Long> readLongs(String where, String field, Object array)
      throws SafetensorsException {
    if (!(array instanceof List<?> list)) {
      throw new SafetensorsException(where + field + " is not an array");
    }
    List<Long> values = new ArrayList<>(list.size());
    for (Object value : list) {
      if (!(value instanceof Long number) || number < 0) {
        throw new SafetensorsException(
            where + field + " holds " + value + ", expected a whole number of at least 0");
      }
      values.add(number);
    }
    return values;
  }

  private static void checkLayout(String file, Map<String, TensorInfo> tensors, long dataLength)
      throws SafetensorsException {
    List<Map.Entry<String, TensorInfo>> byOffset = new ArrayList<>(tensors.entrySet());
    byOffset.sort(BY_OFFSET);
    long next = 0;
    for (Map.Entry<String, TensorInfo> entry : byOffset) {
      if (entry.getValue().offset() != next) {
        throw new SafetensorsException(
            file
                + ": tensor '"
                + entry.getKey()
                + "' begins at byte "
                + entry.getValue().offset()
                + " of the data, expected "
                + next
                + ": tensors may neither overlap nor leave gaps");
      }
      next += entry.getValue().byteLength();
    }
    if (next != dataLength) {
      throw new SafetensorsException(
          file + ": the data section has " + dataLength + " bytes, its tensors take " + next);
    }
  }
}
