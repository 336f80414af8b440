// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.octet.runtime.json.JsonTree;
import dev.octet.runtime.program.OperationBuilder;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsException;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.TensorInfo;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns one file into a program. Every part goes through {@link ProgramBuilder}, which checks it as
 * it checks what code builds.
 *
 * <p>Most of the time from the start of a process to its first result passes here and in what is
 * called here and when a session opens. There are no lambdas, method references and streams there:
 * the JVM spins a class for each when it is met first, which took a fifth of the start.
 */
final class ArtifactReader {
  private final Path path;
  private final SafetensorsFile file;
  private final Set<String> verified = new HashSet<>();
  private final ProgramBuilder program = Program.builder();
  private JsonObject checksums;

  /** What is being built was read from this field of this object. */
  private JsonObject object;

  private String field;

  private ArtifactReader(Path path, SafetensorsFile file) {
    this.path = path;
    this.file = file;
  }

  static Program read(Path path) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return new ArtifactReader(path, file).readOrExplain();
    } catch (SafetensorsException e) {
      throw new ArtifactException(e.getMessage(), e);
    }
  }

  /** Reads the program; what its builder complains of gets the place in the file. */
  private Program readOrExplain() throws IOException {
    try {
      return read();
    } catch (InvalidProgramException e) {
      throw new ArtifactException(object.place(field) + ": " + e.getMessage(), e);
    }
  }

  private void at(JsonObject newObject, String newField) {
    object = newObject;
    field = newField;
  }

  private Program read() throws IOException {
    JsonObject root = new JsonObject(path + ": " + Artifact.PROGRAM_KEY, parse(programText()));
    root.allow("metadata", "inputs", "constants", "operations", "outputs", "checksums");
    checksums = root.object("checksums");
    JsonObject metadata = root.object("metadata");
    for (String key : metadata.names()) {
      program.metadata(key, metadata.text(key));
    }
    for (JsonObject input : root.objects("inputs")) {
      readInput(input);
    }
    for (JsonObject constant : root.objects("constants")) {
      readConstant(constant);
    }
    for (JsonObject operation : root.objects("operations")) {
      readOperation(operation);
    }
    JsonObject outputs = root.object("outputs");
    for (String name : outputs.names()) {
      String value = outputs.text(name);
      at(outputs, name);
      program.output(name, program.value(value));
    }
    for (String name : file.names()) {
      if (!verified.contains(name)) {
        throw new ArtifactException(
            path + ": tensor '" + name + "' is no part of the program: the file was altered");
      }
    }
    at(root, "outputs");
    return program.build();
  }

  private byte[] programText() throws ArtifactException {
    Map<String, String> metadata = file.metadata();
    if (!Artifact.FORMAT.equals(metadata.get(Artifact.FORMAT_KEY))
        || !metadata.containsKey(Artifact.PROGRAM_KEY)) {
      throw new ArtifactException(
          path
              + ": a safetensors file, but no Octet artifact: its metadata has no '"
              + Artifact.FORMAT_KEY
              + "': '"
              + Artifact.FORMAT
              + "' with '"
              + Artifact.PROGRAM_KEY
              + "'");
    }
    String version = metadata.get(Artifact.VERSION_KEY);
    if (!Integer.toString(Artifact.FORMAT_VERSION).equals(version)) {
      throw new ArtifactException(
          path
              + ": "
              + Artifact.VERSION_KEY
              + " is "
              + version
              + "; expected "
              + Artifact.FORMAT_VERSION
              + ": read it with the version of Octet that wrote it, or write it anew");
    }
    byte[] text = metadata.get(Artifact.PROGRAM_KEY).getBytes(StandardCharsets.UTF_8);
    String expected = metadata.get(Artifact.CHECKSUM_KEY);
    String actual = Checksum.of(ByteBuffer.wrap(text));
    if (!actual.equals(expected)) {
      throw new ArtifactException(
          path
              + ": the program's CRC-32C is "
              + actual
              + "; expected "
              + expected
              + " ("
              + Artifact.CHECKSUM_KEY
              + "): the file was altered");
    }
    return text;
  }

  private Object parse(byte[] text) throws IOException {
    try {
      return JsonTree.read(text);
    } catch (JsonProcessingException e) {
      throw new ArtifactException(
          path + ": " + Artifact.PROGRAM_KEY + " is not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private void readInput(JsonObject node) throws IOException {
    node.allow("name", "type", "shape", "grid");
    String name = node.text("name");
    ElementType type = type(node);
    Shape shape = shape(node);
    Grid grid = grid(node);
    at(node, "name");
    program.input(name, type, shape, grid);
  }

  private void readConstant(JsonObject node) throws IOException {
    node.allow("name", "type", "shape", "grid");
    String name = node.text("name");
    ElementType type = type(node);
    Shape shape = shape(node);
    Grid grid = grid(node);
    if (!shape.isFixed()) {
      throw node.error("shape", "is " + shape + "; expected numbers");
    }
    ByteBuffer data = tensor(node, "name", name, type.safetensorsDtype(), shape);
    at(node, "name");
    program.constant(name, type, shape, grid, data);
  }

  private ByteBuffer tensor(
      JsonObject node, String field, String name, SafetensorsDtype dtype, Shape shape)
      throws IOException {
    TensorInfo info = file.tensors().get(name);
    if (info == null) {
      throw node.error(field, "names a tensor '" + name + "' that the file does not have");
    }
    List<Long> sizes = new ArrayList<>();
    for (long size : shape.sizes()) {
      sizes.add(size);
    }
    if (info.dtype() != dtype || !info.shape().equals(sizes)) {
      throw new ArtifactException(
          path
              + ": tensor '"
              + name
              + "' is "
              + info.dtype()
              + info.shape()
              + "; the program expects "
              + dtype
              + sizes);
    }
    if (info.byteLength() > Integer.MAX_VALUE) {
      throw new ArtifactException(
          path
              + ": tensor '"
              + name
              + "' has "
              + info.byteLength()
              + " bytes; at most "
              + Integer.MAX_VALUE);
    }
    ByteBuffer data = file.data(name);
    if (verified.add(name)) {
      String expected = checksums.text(name);
      String actual = Checksum.of(data);
      if (!actual.equals(expected)) {
        throw new ArtifactException(
            path
                + ": tensor '"
                + name
                + "' has the CRC-32C "
                + actual
                + "; expected "
                + expected
                + ": the file was altered");
      }
    }
    return data;
  }

  private static ElementType type(JsonObject node) throws ArtifactException {
    String text = node.text("type");
    for (ElementType type : ElementType.values()) {
      if (type.toString().equals(text)) {
        return type;
      }
    }
    throw node.error(
        "type", "is '" + text + "'; expected one of " + Arrays.toString(ElementType.values()));
  }

  private Shape shape(JsonObject node) throws ArtifactException {
    at(node, "shape");
    List<Dimension> sizes = new ArrayList<>();
    for (Object size : node.array("shape")) {
      if (size instanceof Long number) {
        sizes.add(Dimension.of(number));
      } else if (size instanceof String symbol) {
        sizes.add(Dimension.of(symbol));
      } else {
        throw node.error("shape", "holds " + size + "; expected whole numbers and symbols");
      }
    }
    return Shape.of(sizes);
  }

  private Grid grid(JsonObject node) throws IOException {
    if (!node.has("grid")) {
      return null;
    }
    JsonObject grid = node.object("grid");
    int intMin = grid.integer("int_min");
    int intMax = grid.integer("int_max");
    if (!grid.has("axis")) {
      grid.allow("int_min", "int_max", "scale", "zero_point");
      float scale = (float) grid.real("scale");
      int zeroPoint = grid.integer("zero_point");
      at(grid, "scale");
      return Grid.perTensor(scale, zeroPoint, intMin, intMax);
    }
    grid.allow("int_min", "int_max", "axis", "scales", "zero_points");
    int axis = grid.integer("axis");
    ByteBuffer scaleData = channelTensor(grid, "scales", SafetensorsDtype.F32);
    float[] scales = new float[scaleData.remaining() / Float.BYTES];
    scaleData.asFloatBuffer().get(scales);
    int[] zeroPoints = null;
    if (grid.has("zero_points")) {
      ByteBuffer data = channelTensor(grid, "zero_points", SafetensorsDtype.I32);
      zeroPoints = new int[data.remaining() / Integer.BYTES];
      data.asIntBuffer().get(zeroPoints);
    }
    at(grid, "scales");
    return Grid.perChannel(scales, zeroPoints, intMin, intMax, axis);
  }

  /** Returns the data of a tensor of one dimension that a grid names. */
  private ByteBuffer channelTensor(JsonObject grid, String field, SafetensorsDtype dtype)
      throws IOException {
    String name = grid.text(field);
    TensorInfo info = file.tensors().get(name);
    long count = info == null || info.shape().size() != 1 ? 0 : info.shape().get(0);
    return tensor(grid, field, name, dtype, Shape.ofSizes(count));
  }

  private void readOperation(JsonObject node) throws IOException {
    node.allow("kind", "version", "inputs", "attributes", "outputs");
    String kind = node.text("kind");
    int version = node.integer("version");
    at(node, "kind");
    OperationBuilder operation = program.operation(kind, version);
    JsonObject inputs = node.object("inputs");
    for (String role : inputs.names()) {
      String value = inputs.text(role);
      at(inputs, role);
      operation.input(role, program.value(value));
    }
    JsonObject attributes = node.object("attributes");
    for (String name : attributes.names()) {
      Object value = attributes.attribute(name);
      at(attributes, name);
      operation.set(name, value);
    }
    JsonObject outputs = node.object("outputs");
    for (String role : outputs.names()) {
      if (!role.equals("out")) {
        JsonObject output = outputs.object(role);
        output.allow("name", "type", "grid");
        String name = output.text("name");
        ElementType type = type(output);
        Grid grid = grid(output);
        at(output, "name");
        operation.output(role, name, type, grid);
      }
    }
    JsonObject out = outputs.object("out");
    out.allow("name", "type", "grid");
    String name = out.text("name");
    ElementType type = type(out);
    Grid grid = grid(out);
    at(node, "outputs");
    operation.as(name, type, grid);
  }
}
