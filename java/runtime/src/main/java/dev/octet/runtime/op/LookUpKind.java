// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code look_up}: every byte of x replaced by the byte of a constant table [256] at its place; of
 * s8 codes the bits count, -1 being place 255. What the bytes of the output stand for is up to the
 * maker of the table.
 */
final class LookUpKind extends OperationKind {
  private static final Shape TABLE = Shape.ofSizes(256);

  LookUpKind() {
    super(
        Signature.of("look_up", 1)
            .input("x", Signature.BYTES, GridRule.OPTIONAL)
            .input("table", Presence.CONSTANT, Signature.types(ElementType.U8), GridRule.NONE)
            .output("out", Signature.BYTES, GridRule.OPTIONAL)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireShape("table", TABLE);
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    DLTensor table = context.tensor("table");
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_look_up(table, x, out, stream);
      }
    };
  }
}
