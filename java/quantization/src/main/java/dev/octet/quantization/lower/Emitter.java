// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.op.OperationKinds;
import dev.octet.runtime.program.OperationBuilder;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Builds the program of a draft. */
final class Emitter {
  private final ProgramBuilder builder = Program.builder();
  private final Map<DraftValue, Value> values = new IdentityHashMap<>();

  private Emitter() {}

  /** Tells whether the runtime has a kind of operation. */
  static boolean isKnown(String kind) {
    return OperationKinds.all().stream().anyMatch(known -> known.name().equals(kind));
  }

  /**
   * Builds a program.
   *
   * @throws LoweringException if an operation does not fit the runtime
   */
  static Program emit(Draft draft, Map<String, String> metadata) {
    return new Emitter().build(draft, metadata);
  }

  private Program build(Draft draft, Map<String, String> metadata) {
    for (DraftValue input : draft.inputs()) {
      List<Dimension> dimensions = new ArrayList<>();
      List<String> symbols = draft.symbols(input);
      for (int i = 0; i < symbols.size(); i++) {
        dimensions.add(
            symbols.get(i) == null
                ? Dimension.of(input.sizes().get(i).value())
                : Dimension.of(symbols.get(i)));
      }
      values.put(input, builder.input(input.name(), input.type(), Shape.of(dimensions)));
    }
    draft.operations().forEach(this::operation);
    draft.outputs().forEach((name, value) -> builder.output(name, value(value)));
    metadata.forEach(builder::metadata);
    return builder.build();
  }

  private void operation(DraftOperation operation) {
    try {
      OperationBuilder built = builder.operation(operation.kind());
      operation.inputs().forEach((role, value) -> built.input(role, value(value)));
      operation.attributes().forEach(built::set);
      operation
          .further()
          .forEach((role, value) -> built.output(role, value.name(), value.type(), value.grid()));
      DraftValue out = operation.out();
      values.put(out, built.as(out.name(), out.type(), out.grid()));
      operation.further().values().forEach(value -> values.put(value, builder.value(value.name())));
    } catch (InvalidProgramException e) {
      throw new LoweringException(
          operation.origin() + " does not fit the runtime: " + e.getMessage(), e);
    }
  }

  private Value value(DraftValue value) {
    Value known = values.get(value);
    if (known == null) {
      known =
          builder.constant(
              value.name(),
              value.type(),
              Shape.ofSizes(value.sizes().run(0)),
              value.grid(),
              value.data());
      values.put(value, known);
    }
    return known;
  }
}
