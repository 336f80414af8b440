// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.OnCuda;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.program.OperationBuilder;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** A program of one operation, run as built, as read back from a file, and on a CUDA device. */
final class OneOperation {
  private final ProgramBuilder builder = Program.builder();
  private final OperationBuilder operation;
  private final Map<String, TensorData> data = new LinkedHashMap<>();
  private ElementType type;
  private Grid grid;
  private boolean declared;

  OneOperation(String kind) {
    operation = builder.operation(kind);
  }

  private Shape symbolic(String role, long[] shape) {
    Object[] sizes = new Object[shape.length];
    for (int i = 0; i < shape.length; i++) {
      sizes[i] = role + "_" + i;
    }
    return Shape.of(sizes);
  }

  /** Adds an input whose sizes are symbols. */
  OneOperation input(String role, ElementType type, Grid grid, TensorData values) {
    Value value = builder.input(role, type, symbolic(role, values.shape()), grid);
    operation.input(role, value);
    data.put(role, values);
    return this;
  }

  OneOperation floats(String role, float[] values, long... shape) {
    return input(role, ElementType.F32, null, TensorData.of(values, shape));
  }

  OneOperation codes(String role, ElementType type, Grid grid, byte[] values, long... shape) {
    return input(role, type, grid, TensorData.of(values, shape));
  }

  OneOperation constant(String role, float[] values, long... shape) {
    operation.input(role, builder.constant(role, Shape.ofSizes(shape), values));
    return this;
  }

  OneOperation constant(String role, ElementType type, Grid grid, byte[] values, long... shape) {
    operation.input(role, builder.constant(role, type, Shape.ofSizes(shape), grid, values));
    return this;
  }

  OneOperation set(String name, Object value) {
    operation.set(name, value);
    return this;
  }

  OneOperation out(ElementType type, Grid grid) {
    this.type = type;
    this.grid = grid;
    declared = true;
    return this;
  }

  OneOperation further(String role, ElementType type, Grid grid) {
    operation.output(role, role, type, grid);
    return this;
  }

  /** Runs the operation in all ways; the results must be the same bytes. */
  Map<String, TensorData> run(String... furtherOutputs) {
    Value out = declared ? operation.as("out", type, grid) : operation.as("out");
    builder.output(out);
    for (String further : furtherOutputs) {
      builder.output(builder.value(further));
    }
    Program program = builder.build();
    try (Session session = Session.open(program);
        Session read = reopened(program)) {
      Map<String, TensorData> results = session.run(data);
      Map<String, TensorData> again = read.run(data);
      if (!describe(results).equals(describe(again))) {
        throw new AssertionError("as built " + describe(results) + ", as read " + describe(again));
      }
      OnCuda.assertSame(program, data, results);
      return results;
    }
  }

  private static Session reopened(Program program) {
    try {
      Path file = Files.createTempFile("operation", ".octet");
      try {
        Artifact.write(program, file);
        return Session.open(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String describe(Map<String, TensorData> results) {
    StringBuilder text = new StringBuilder();
    results.forEach(
        (name, value) ->
            text.append(name)
                .append(Arrays.toString(value.shape()))
                .append(Arrays.deepToString(new Object[] {value.array()})));
    return text.toString();
  }
}
