// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;

/** {@code compare}: 1 where a comparison of two inputs that are broadcast holds, else 0. */
final class CompareKind extends OperationKind {
  private static final Set<ElementType> COMPARED =
      EnumSet.complementOf(EnumSet.of(ElementType.BOOL));

  CompareKind() {
    super(
        Signature.of("compare", 1)
            .input("a", COMPARED, GridRule.OPTIONAL)
            .input("b", COMPARED, GridRule.OPTIONAL)
            .output("out", Signature.types(ElementType.BOOL, ElementType.U8), GridRule.NONE)
            .attribute(AttributeSpec.choice("comparison", Comparison.class, null))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Value a = operation.input("a");
    Value b = operation.input("b");
    boolean integers = isInteger(a) && a.type() == b.type() && isInteger(b);
    if (!integers && !(isReal(a) && isReal(b))) {
      throw operation.error(
          "compares '"
              + a
              + "' and '"
              + b
              + "'; expected floats and codes with one scale, or both s32 or i64 without grid");
    }
    return Map.of("out", Broadcast.of(operation, a.shape(), b.shape()));
  }

  private static boolean isInteger(Value value) {
    return (value.type() == ElementType.S32 || value.type() == ElementType.I64)
        && value.grid() == null;
  }

  private static boolean isReal(Value value) {
    return value.type().isFloat()
        || value.type().isByteCode() && value.grid() != null && value.grid().isPerTensor();
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.BOOL, null);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    int comparison = context.operation().choice("comparison", Comparison.class).code();
    DLTensor a = context.tensor("a");
    octet_grid aGrid = context.grid("a");
    DLTensor b = context.tensor("b");
    octet_grid bGrid = context.grid("b");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_compare(comparison, a, aGrid, b, bGrid, out, stream);
      }
    };
  }
}
