// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_softmax_terms;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code softmax} over the last dimension of {@code x * scale + bias}, of the elements that mask,
 * lengths and causality let take part.
 */
final class SoftmaxKind extends OperationKind {
  SoftmaxKind() {
    super(
        SoftmaxTerms.add(
                Signature.of("softmax", 1)
                    .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR))
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 1, Shape.MAX_RANK);
    SoftmaxTerms.check(operation, operation.shape("x"));
    return Map.of("out", operation.shape("x"));
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    octet_softmax_terms terms = SoftmaxTerms.prepare(context);
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_softmax(x, xGrid, terms, out, outGrid, stream);
      }
    };
  }
}
