// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Constant;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How a program runs for one combination of input shapes: the sizes of all values and their places
 * in an arena. Immutable.
 */
final class Plan {
  /** Memory of one or several values: a block of the arena, or a constant. */
  static final class Storage {
    private final String constant;
    private final MemoryPlanner.Block block;

    private Storage(String constant, MemoryPlanner.Block block) {
      this.constant = constant;
      this.block = block;
    }

    /** Returns the constant's name, null for a block. */
    String constant() {
      return constant;
    }

    /** Returns the place in the arena. */
    long offset() {
      return block.offset();
    }
  }

  /**
   * An input or output.
   *
   * @param value with numbers for its sizes
   * @param bytes of all of its elements
   * @param storage where it lies unless the caller gives memory
   * @param source what is copied there at the end of a run, null: an operation writes there
   */
  record Port(Value value, long bytes, Storage storage, Storage source) {}

  private final List<OperationView> steps = new ArrayList<>();
  private final Map<String, Storage> storages = new HashMap<>();
  private final List<Port> inputs = new ArrayList<>();
  private final List<Port> outputs = new ArrayList<>();
  private final long arenaBytes;
  private final long sumBytes;

  /**
   * Plans a run.
   *
   * @param inputShapes sizes of the inputs, in the program's order
   * @throws InvalidProgramException if an operation does not take such sizes
   */
  Plan(Program program, List<long[]> inputShapes) {
    List<MemoryPlanner.Block> blocks = new ArrayList<>();
    Map<String, Value> values = new HashMap<>();
    for (Map.Entry<String, Constant> constant : program.constants().entrySet()) {
      values.put(constant.getKey(), constant.getValue().value());
      storages.put(constant.getKey(), new Storage(constant.getKey(), null));
    }
    Set<Storage> taken = new LinkedHashSet<>();
    for (Value value : InputShapes.resolve(program.inputs(), inputShapes)) {
      values.put(value.name(), value);
      Storage storage = block(value, 0, blocks);
      taken.add(storage);
      storages.put(value.name(), storage);
      inputs.add(new Port(value, bytes(value), storage, null));
    }
    for (Operation operation : program.operations()) {
      planStep(program, operation, values, blocks);
    }
    int end = program.operations().size();
    for (Map.Entry<String, String> output : program.outputs().entrySet()) {
      Value value = values.get(output.getValue());
      Storage source = storages.get(output.getValue());
      boolean owned = source.constant() == null && taken.add(source);
      Storage storage = owned ? source : block(value, end, blocks);
      storage.block.usedAt(end);
      if (!owned && source.constant() == null) {
        source.block.usedAt(end);
      }
      outputs.add(
          new Port(
              new Value(output.getKey(), value.type(), value.shape(), value.grid()),
              bytes(value),
              storage,
              owned ? null : source));
    }
    sumBytes = MemoryPlanner.sum(blocks);
    arenaBytes = MemoryPlanner.place(blocks);
  }

  private void planStep(
      Program program,
      Operation operation,
      Map<String, Value> values,
      List<MemoryPlanner.Block> blocks) {
    int step = steps.size();
    Map<String, Value> operands = new LinkedHashMap<>();
    for (Map.Entry<String, String> input : operation.inputs().entrySet()) {
      operands.put(input.getKey(), values.get(input.getValue()));
      Storage storage = storages.get(input.getValue());
      if (storage.constant() == null) {
        storage.block.usedAt(step);
      }
    }
    OperationView view =
        operation
            .kind()
            .check(
                operands,
                operation.outputs(),
                program.constantRoles(operation),
                operation.attributes());
    String aliased = operation.kind().aliasedInput();
    for (Value value : view.outputs().values()) {
      values.put(value.name(), value);
      storages.put(
          value.name(),
          aliased == null
              ? block(value, step, blocks)
              : storages.get(operands.get(aliased).name()));
    }
    steps.add(view);
  }

  private static Storage block(Value value, int step, List<MemoryPlanner.Block> blocks) {
    MemoryPlanner.Block block = new MemoryPlanner.Block(bytes(value), step);
    blocks.add(block);
    return new Storage(null, block);
  }

  /** Returns the bytes of a value's elements. */
  static long bytes(Value value) {
    try {
      return Math.multiplyExact(value.shape().elements().value(), (long) value.type().byteSize());
    } catch (ArithmeticException e) {
      throw new InvalidProgramException(
          "value '" + value.name() + "' of shape " + value.shape() + " takes more than 2^63 bytes");
    }
  }

  /** Returns the operations with numbers for all sizes. */
  List<OperationView> steps() {
    return steps;
  }

  /** Returns where a value lies. */
  Storage storage(String value) {
    return storages.get(value);
  }

  List<Port> inputs() {
    return inputs;
  }

  List<Port> outputs() {
    return outputs;
  }

  /** Returns the bytes of the arena. */
  long arenaBytes() {
    return arenaBytes;
  }

  /** Returns the bytes that the values would take side by side. */
  long sumBytes() {
    return sumBytes;
  }
}
