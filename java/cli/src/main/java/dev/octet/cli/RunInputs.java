// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.TensorInfo;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the inputs of a run from files, and makes those that no file gives. */
final class RunInputs {
  private static final String SAFETENSORS = ".safetensors";
  private static final String JSON = ".json";

  private final Map<String, Value> declared = new LinkedHashMap<>();
  private final SizeOptions sizes;
  private final RandomInputs random;
  private final Map<String, HostTensor> tensors = new LinkedHashMap<>();

  /**
   * Starts with no input given.
   *
   * @param declared the program's inputs
   * @param random makes the inputs that no file gives; null: they are missing
   */
  RunInputs(List<Value> declared, SizeOptions sizes, RandomInputs random) {
    declared.forEach(value -> this.declared.put(value.name(), value));
    this.sizes = sizes;
    this.random = random;
  }

  /**
   * Returns all inputs, in order.
   *
   * @param files names of files, with the name of an input and "=" before it if it is of one
   */
  List<HostTensor> read(List<String> files) throws IOException {
    for (String each : files) {
      int split = each.indexOf('=');
      String name = split < 0 ? null : each.substring(0, split);
      if (name != null && !declared.containsKey(name)) {
        throw new IllegalArgumentException(
            "--input names '" + name + "'; the program takes " + declared.keySet());
      }
      read(name, Path.of(each.substring(split + 1)));
    }
    List<HostTensor> all = new ArrayList<>();
    for (Value input : declared.values()) {
      HostTensor tensor = tensors.get(input.name());
      if (tensor == null && random != null) {
        tensor = random.make(input, sizes.of(input));
      }
      if (tensor == null) {
        throw new IllegalArgumentException(
            "input "
                + input
                + " is missing; give it: --input "
                + input.name()
                + "=FILE, or"
                + " --random");
      }
      all.add(tensor);
    }
    return all;
  }

  private void read(String name, Path file) throws IOException {
    if (file.toString().endsWith(SAFETENSORS)) {
      readSafetensors(name, file);
    } else if (file.toString().endsWith(JSON)) {
      readJson(name, file);
    } else if (name == null) {
      throw new IllegalArgumentException(
          "--input " + file + " has elements alone; name their input: --input NAME=" + file);
    } else {
      add(readRaw(declared.get(name), file));
    }
  }

  private void add(HostTensor tensor) {
    if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
      throw new IllegalArgumentException("input '" + tensor.name() + "' is given twice");
    }
  }

  private Value named(String name, Path file) {
    Value input = declared.get(name);
    if (input == null) {
      throw new IllegalArgumentException(
          file
              + " has a tensor '"
              + name
              + "'; the program takes "
              + declared.keySet()
              + ": name each tensor after its input, or choose one: --input NAME="
              + file);
    }
    return input;
  }

  private void readSafetensors(String name, Path file) throws IOException {
    try (SafetensorsFile content = SafetensorsFile.open(file)) {
      boolean single = content.names().size() == 1;
      if (name == null && !(single && declared.size() == 1)) {
        for (String each : content.names()) {
          add(tensor(named(each, file), content, each, file));
        }
        return;
      }
      String input = name == null ? declared.keySet().iterator().next() : name;
      String tensor = single ? content.names().iterator().next() : input;
      add(tensor(declared.get(input), content, tensor, file));
    }
  }

  private static HostTensor tensor(Value input, SafetensorsFile content, String name, Path file)
      throws IOException {
    TensorInfo info = content.info(name);
    if (info.dtype() != input.type().safetensorsDtype()) {
      throw new IllegalArgumentException(
          file
              + ": tensor '"
              + name
              + "' is "
              + info.dtype()
              + ", input "
              + input
              + " takes "
              + input.type().safetensorsDtype());
    }
    long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
    HostTensor tensor = HostTensor.allocate(input.name(), input.type(), shape);
    tensor.data().put(0, content.data(name), 0, tensor.data().capacity());
    return tensor;
  }

  private void readJson(String name, Path file) throws IOException {
    JsonNode root = JsonTensors.read(file);
    if (root.isObject() && name == null) {
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        Value input = named(entry.getKey(), file);
        add(JsonTensors.tensor(input, entry.getValue(), file.toString()));
      }
      return;
    }
    if (name == null && declared.size() > 1) {
      throw new IllegalArgumentException(
          "--input " + file + " has one array; name its input: --input NAME=" + file);
    }
    Value input = name == null ? declared.values().iterator().next() : declared.get(name);
    JsonNode array = root.isObject() && root.has(input.name()) ? root.get(input.name()) : root;
    add(JsonTensors.tensor(input, array, file.toString()));
  }

  /** Reads elements alone; one size may be open and follows from their number. */
  private HostTensor readRaw(Value input, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      HostTensor tensor =
          HostTensor.allocate(input.name(), input.type(), shape(input, channel.size(), file));
      if (tensor.data().capacity() != channel.size()) {
        throw unfitting(input, channel.size(), file);
      }
      while (tensor.data().hasRemaining()) {
        if (channel.read(tensor.data()) < 0) {
          throw new IOException(file + " got shorter while it was read");
        }
      }
      return tensor;
    }
  }

  private long[] shape(Value input, long bytes, Path file) {
    int open = -1;
    long known = input.type().byteSize();
    for (int i = 0; i < input.shape().rank(); i++) {
      Dimension dimension = input.shape().get(i);
      Long size = sizes.of(dimension);
      if (size != null) {
        known = Math.multiplyExact(known, size);
      } else if (open < 0) {
        open = i;
      } else {
        return sizes.of(input);
      }
    }
    if (open >= 0 && (known == 0 || bytes % known != 0)) {
      throw unfitting(input, bytes, file);
    }
    long[] shape = new long[input.shape().rank()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = i == open ? bytes / known : sizes.of(input.shape().get(i));
    }
    return shape;
  }

  private static IllegalArgumentException unfitting(Value input, long bytes, Path file) {
    return new IllegalArgumentException(
        file + " has " + bytes + " bytes, which don't fill input " + input);
  }
}
