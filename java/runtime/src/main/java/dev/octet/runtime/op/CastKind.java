// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;

/** {@code cast}: plain numbers as another type; see {@code octet_cast} for the rounding. */
final class CastKind extends OperationKind {
  private static final Set<ElementType> NUMBERS =
      EnumSet.complementOf(EnumSet.of(ElementType.S8, ElementType.U8));

  CastKind() {
    super(
        Signature.of("cast", 1)
            .input("x", NUMBERS, GridRule.NONE)
            .output("out", NUMBERS, GridRule.NONE)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return null;
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_cast(x, out, stream);
      }
    };
  }
}
