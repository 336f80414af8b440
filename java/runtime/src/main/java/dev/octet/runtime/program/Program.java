// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import dev.octet.runtime.type.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model as a list of typed operations, in the order in which they run.
 *
 * <p>Made by {@link #builder()}, which checks every part; immutable and safe for use by several
 * threads.
 */
public final class Program {
  /** The most operations a program may have. */
  public static final int MOST_OPERATIONS = 1 << 16;

  private final List<Value> inputs;
  private final Map<String, Constant> constants;
  private final List<Operation> operations;
  private final Map<String, String> outputs;
  private final Map<String, Value> values;
  private final Map<String, String> metadata;

  Program(
      List<Value> inputs,
      Map<String, Constant> constants,
      List<Operation> operations,
      Map<String, String> outputs,
      Map<String, Value> values,
      Map<String, String> metadata) {
    this.inputs = List.copyOf(inputs);
    this.constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    this.operations = List.copyOf(operations);
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    this.metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** Starts a program. */
  public static ProgramBuilder builder() {
    return new ProgramBuilder();
  }

  /** Returns the inputs in order. */
  public List<Value> inputs() {
    return inputs;
  }

  /** Returns the constants by name, in order. */
  public Map<String, Constant> constants() {
    return constants;
  }

  /** Returns the operations in the order in which they run. */
  public List<Operation> operations() {
    return operations;
  }

  /** Returns the names of the values that are the outputs, by the outputs' names, in order. */
  public Map<String, String> outputs() {
    return outputs;
  }

  /** Returns all values by name: inputs, constants and what operations make. */
  public Map<String, Value> values() {
    return values;
  }

  /** Returns free text by key, such as the name of the model; it has no influence on a run. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Returns the roles of an operation in which constants stand. */
  public Set<String> constantRoles(Operation operation) {
    Set<String> roles = new LinkedHashSet<>();
    for (Map.Entry<String, String> input : operation.inputs().entrySet()) {
      if (constants.containsKey(input.getValue())) {
        roles.add(input.getKey());
      }
    }
    return roles;
  }

  /** Returns the program in lines: inputs, constants, operations, outputs. */
  @Override
  public String toString() {
    return ProgramPrinter.print(this);
  }
}
