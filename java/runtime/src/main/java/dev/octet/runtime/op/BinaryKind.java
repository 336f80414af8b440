// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code binary}: a function of two inputs that are broadcast, then an activation. All are real
 * numbers, or {@code i64}: then results are exact, wrap around at the ends of the type, and there
 * is no activation.
 */
final class BinaryKind extends OperationKind {
  BinaryKind() {
    super(
        Signature.of("binary", 1)
            .input("a", Signature.NUMBERS, GridRule.PER_TENSOR)
            .input("b", Signature.NUMBERS, GridRule.PER_TENSOR)
            .output("out", Signature.NUMBERS, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.choice("function", BinaryFunction.class, null))
            .attribute(AttributeSpec.choice("activation", Activation.class, Activation.NONE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    boolean integers = Integers.computes(operation);
    BinaryFunction function = operation.choice("function", BinaryFunction.class);
    if (!function.isOf(integers)) {
      throw operation.error(
          "computes with "
              + operation.input("a").type()
              + ", of which there is no function '"
              + function.name().toLowerCase(Locale.ROOT)
              + "'");
    }
    if (integers && operation.choice("activation", Activation.class) != Activation.NONE) {
      throw operation.error("computes with i64 and has an activation; expected none");
    }
    return Map.of("out", Broadcast.of(operation, operation.shape("a"), operation.shape("b")));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Integers.defaultOutput(inputs.get("a"), super.defaultOutput(inputs, name), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    BinaryFunction which = operation.choice("function", BinaryFunction.class);
    int function = which.code();
    int activation = operation.choice("activation", Activation.class).code();
    DLTensor a = context.tensor("a");
    octet_grid aGrid = context.grid("a");
    DLTensor b = context.tensor("b");
    octet_grid bGrid = context.grid("b");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    if (Integers.computes(operation)) {
      int integerFunction = which.integerCode();
      return new NativeCall() {
        @Override
        public int run() {
          return octet.octet_integer_binary(integerFunction, a, b, out, stream);
        }
      };
    }
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_binary(function, a, aGrid, b, bGrid, activation, out, outGrid, stream);
      }
    };
  }
}
