// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.type.Attributes;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Collects the parts of one operation; {@code as} adds it to the program and returns its first
 * output. What does not fit throws {@link InvalidProgramException}, whose message names the role or
 * attribute; the program stays as it was then. Not safe for use by several threads.
 */
public final class OperationBuilder {
  private final ProgramBuilder program;
  private final OperationKind kind;
  private final Map<String, Value> inputs = new LinkedHashMap<>();
  private final Map<String, Value> further = new LinkedHashMap<>();
  private Attributes attributes = Attributes.none();

  OperationBuilder(ProgramBuilder program, OperationKind kind) {
    this.program = program;
    this.kind = kind;
  }

  /**
   * Lets a value stand in a role.
   *
   * @param value null: nothing stands there
   */
  public OperationBuilder input(String role, Value value) {
    Objects.requireNonNull(role, "role");
    if (value != null && inputs.putIfAbsent(role, value) != null) {
      throw new InvalidProgramException(
          "an operation of kind '" + kind.name() + "' has two inputs '" + role + "'");
    }
    return this;
  }

  /**
   * Sets an attribute.
   *
   * @param value a number, a truth value, a text, or long[] or int[]
   */
  public OperationBuilder set(String name, Object value) {
    attributes = attributes.with(name, value);
    return this;
  }

  /** Asks for an output beside {@code out}. */
  public OperationBuilder output(String role, String name, ElementType type, Grid grid) {
    further.put(role, new Value(name, type, Shape.scalar(), perTensor(grid)));
    return this;
  }

  /**
   * Adds the operation without saying the type of its output: copies have the elements of their
   * input, products and look-ups give f32, other operations on floats the type of their input.
   *
   * @throws InvalidProgramException if the kind can't tell the type, as with codes
   */
  public Value as(String name) {
    Value result = kind.defaultOutput(inputs, name);
    if (result == null) {
      throw new InvalidProgramException(
          "operation '"
              + name
              + "' ("
              + kind.name()
              + ") can't tell the type of its output; give type and grid: as(name, type, grid)");
    }
    return add(result);
  }

  /** Adds the operation; its output is plain numbers. */
  public Value as(String name, ElementType type) {
    return as(name, type, null);
  }

  /**
   * Adds the operation.
   *
   * @param name name of its output {@code out}
   * @param type type of its output
   * @param grid grid of its output, null for plain numbers
   */
  public Value as(String name, ElementType type, Grid grid) {
    return add(new Value(name, type, Shape.scalar(), perTensor(grid)));
  }

  private static Grid perTensor(Grid grid) {
    if (grid != null && !grid.isPerTensor()) {
      throw new InvalidProgramException(
          "an operation's output has the grid " + grid + "; expected one scale");
    }
    return grid;
  }

  private Value add(Value result) {
    Map<String, Value> results = new LinkedHashMap<>();
    results.put("out", result);
    results.putAll(further);
    program.add(kind, inputs, results, attributes);
    return program.value(result.name());
  }
}
