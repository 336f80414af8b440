// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code reduce}: sum, mean, max or min over the dimensions {@code dims} (negative ones count from
 * the last), which go, or stay with a size of 1 with {@code keep_dims}. Of {@code i64} the results
 * are {@code i64} too and exact, and there is no mean.
 */
final class ReduceKind extends OperationKind {
  ReduceKind() {
    super(
        Signature.of("reduce", 1)
            .input("x", Signature.NUMBERS, GridRule.PER_TENSOR)
            .output("out", Signature.NUMBERS, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.choice("reduction", Reduction.class, null))
            .attribute(AttributeSpec.list("dims", null, -Shape.MAX_RANK, Shape.MAX_RANK - 1))
            .attribute(AttributeSpec.flag("keep_dims", false))
            .build());
  }

  private static boolean[] reduced(OperationView operation) {
    int rank = operation.shape("x").rank();
    boolean[] reduced = new boolean[rank];
    for (long dim : operation.list("dims")) {
      long place = dim < 0 ? dim + rank : dim;
      if (place < 0 || place >= rank || reduced[(int) place]) {
        throw operation.error(
            "attribute 'dims' has "
                + dim
                + " for x of shape "
                + operation.shape("x")
                + "; expected different dimensions of x");
      }
      reduced[(int) place] = true;
    }
    return reduced;
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    boolean mean = operation.choice("reduction", Reduction.class) == Reduction.MEAN;
    if (Integers.computes(operation) && mean) {
      throw operation.error("takes the mean of i64, which is no whole number; cast the input");
    }
    boolean[] reduced = reduced(operation);
    Shape x = operation.shape("x");
    List<Dimension> sizes = new ArrayList<>();
    for (int i = 0; i < reduced.length; i++) {
      if (!reduced[i]) {
        sizes.add(x.get(i));
      } else if (operation.flag("keep_dims")) {
        sizes.add(Dimension.of(1));
      }
    }
    return Map.of("out", Shape.of(sizes));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Integers.defaultOutput(inputs.get("x"), super.defaultOutput(inputs, name), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int reduction = operation.choice("reduction", Reduction.class).code();
    boolean[] reduced = reduced(operation);
    int count = 0;
    IntPointer dims = new IntPointer(context.structs().zeroed(Shape.MAX_RANK * Integer.BYTES));
    for (int i = 0; i < reduced.length; i++) {
      if (reduced[i]) {
        dims.put(count++, i);
      }
    }
    int dimCount = count;
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    if (Integers.computes(operation)) {
      return new NativeCall() {
        @Override
        public int run() {
          return octet.octet_integer_reduce(reduction, x, dims, dimCount, out, stream);
        }
      };
    }
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_reduce(reduction, x, xGrid, dims, dimCount, out, outGrid, stream);
      }
    };
  }
}
