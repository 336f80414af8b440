// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Turns one program into a file. */
final class ArtifactWriter {
  private static final JsonMapper JSON = new JsonMapper();

  private record Tensor(String name, SafetensorsDtype dtype, List<Long> shape, ByteBuffer data) {}

  private final Program program;
  private final List<Tensor> tensors = new ArrayList<>();
  private final Set<String> names = new HashSet<>();

  ArtifactWriter(Program program) {
    this.program = program;
    names.addAll(program.constants().keySet());
  }

  void write(Path path) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode metadata = root.putObject("metadata");
    program.metadata().forEach(metadata::put);
    ArrayNode inputs = root.putArray("inputs");
    program.inputs().forEach(value -> inputs.add(declaration(value).set("shape", shape(value))));
    ArrayNode constants = root.putArray("constants");
    program
        .constants()
        .values()
        .forEach(
            constant -> {
              Value value = constant.value();
              ObjectNode node = declaration(value);
              node.set("shape", shape(value));
              constants.add(node);
              tensors.add(
                  new Tensor(
                      value.name(),
                      value.type().safetensorsDtype(),
                      Arrays.stream(value.shape().sizes()).boxed().toList(),
                      constant.data()));
            });
    ArrayNode operations = root.putArray("operations");
    program.operations().forEach(operation -> operations.add(operation(operation)));
    ObjectNode outputs = root.putObject("outputs");
    program.outputs().forEach(outputs::put);
    ObjectNode checksums = root.putObject("checksums");
    tensors.forEach(tensor -> checksums.put(tensor.name(), Checksum.of(tensor.data())));
    writeFile(path, JSON.writeValueAsString(root));
  }

  private void writeFile(Path path, String json) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .metadata(Artifact.FORMAT_KEY, Artifact.FORMAT)
            .metadata(Artifact.VERSION_KEY, Integer.toString(Artifact.FORMAT_VERSION))
            .metadata(Artifact.PROGRAM_KEY, json)
            .metadata(
                Artifact.CHECKSUM_KEY,
                Checksum.of(ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8))));
    // The largest elements first: all of them lie at multiples of their size, without gaps.
    tensors.sort(Comparator.comparingInt((Tensor tensor) -> -tensor.dtype().byteSize()));
    for (Tensor tensor : tensors) {
      writer.add(tensor.name(), tensor.dtype(), tensor.shape(), tensor.data());
    }
    writer.write(path);
  }

  private ObjectNode declaration(Value value) {
    ObjectNode node = JSON.createObjectNode();
    node.put("name", value.name());
    node.put("type", value.type().toString());
    if (value.grid() != null) {
      node.set("grid", grid(value.name(), value.grid()));
    }
    return node;
  }

  private static ArrayNode shape(Value value) {
    ArrayNode node = JSON.createArrayNode();
    Shape shape = value.shape();
    shape
        .dimensions()
        .forEach(
            size -> {
              if (size.isFixed()) {
                node.add(size.value());
              } else {
                node.add(size.toString());
              }
            });
    return node;
  }

  private ObjectNode grid(String value, Grid grid) {
    ObjectNode node = JSON.createObjectNode();
    node.put("int_min", grid.intMin());
    node.put("int_max", grid.intMax());
    if (grid.isPerTensor()) {
      node.put("scale", (double) grid.scale(0));
      node.put("zero_point", grid.zeroPoint(0));
      return node;
    }
    node.put("axis", grid.axis());
    ByteBuffer scales = little(grid.count());
    scales.asFloatBuffer().put(grid.scales());
    node.put("scales", tensor(value + ".scale", SafetensorsDtype.F32, grid.count(), scales));
    if (grid.hasZeroPoints()) {
      ByteBuffer zeroPoints = little(grid.count());
      zeroPoints.asIntBuffer().put(grid.zeroPoints());
      node.put(
          "zero_points",
          tensor(value + ".zero_point", SafetensorsDtype.I32, grid.count(), zeroPoints));
    }
    return node;
  }

  private static ByteBuffer little(int count) {
    return ByteBuffer.allocate(count * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String tensor(String wanted, SafetensorsDtype dtype, long count, ByteBuffer data) {
    String name = wanted;
    while (!names.add(name)) {
      name += "_";
    }
    tensors.add(new Tensor(name, dtype, List.of(count), data));
    return name;
  }

  private ObjectNode operation(Operation operation) {
    ObjectNode node = JSON.createObjectNode();
    node.put("kind", operation.kind().name());
    node.put("version", operation.kind().version());
    ObjectNode inputs = node.putObject("inputs");
    operation.inputs().forEach(inputs::put);
    ObjectNode attributes = node.putObject("attributes");
    for (Map.Entry<String, Object> entry : operation.attributes().asMap().entrySet()) {
      attributes.set(entry.getKey(), JSON.valueToTree(entry.getValue()));
    }
    ObjectNode outputs = node.putObject("outputs");
    operation.outputs().forEach((role, value) -> outputs.set(role, declaration(value)));
    return node;
  }
}
