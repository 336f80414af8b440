// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_norm;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code layer_norm} and {@code rms_norm}: x, plus a residual if there is one, normalised over its
 * last {@code dims} dimensions. The output {@code sum} is x plus residual.
 */
final class NormKind extends OperationKind {
  private final boolean centered;

  private NormKind(String name, boolean centered) {
    super(
        Signature.of(name, 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input(
                "weight",
                Presence.OPTIONAL_CONSTANT,
                Signature.types(ElementType.F32),
                GridRule.NONE)
            .input(
                "bias", Presence.OPTIONAL_CONSTANT, Signature.types(ElementType.F32), GridRule.NONE)
            .input("residual", Presence.OPTIONAL, Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .optionalOutput("sum", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.integer("dims", 1L, 1, Shape.MAX_RANK))
            .attribute(AttributeSpec.real("eps", 1e-5, 0, Float.MAX_VALUE))
            .build());
    this.centered = centered;
  }

  static NormKind layerNorm() {
    return new NormKind("layer_norm", true);
  }

  static NormKind rmsNorm() {
    return new NormKind("rms_norm", false);
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    int dims = (int) operation.integer("dims");
    operation.requireRank("x", dims, Shape.MAX_RANK);
    Shape x = operation.shape("x");
    Shape row = x.slice(x.rank() - dims, x.rank());
    for (String role : new String[] {"weight", "bias"}) {
      if (operation.has(role)) {
        operation.requireShape(role, row);
      }
    }
    if (operation.has("residual")) {
      operation.requireShape("residual", x);
    }
    Map<String, Shape> shapes = new HashMap<>();
    shapes.put("out", x);
    shapes.put("sum", x);
    return shapes;
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    octet_norm norm = new octet_norm(context.structs().zeroed(Loader.sizeof(octet_norm.class)));
    norm.dims((int) operation.integer("dims"))
        .eps(operation.real("eps"))
        .weight(context.tensor("weight"))
        .bias(context.tensor("bias"))
        .residual(context.tensor("residual"))
        .residual_grid(context.grid("residual"))
        .sum(context.tensor("sum"))
        .sum_grid(context.grid("sum"));
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return centered
            ? octet.octet_layer_norm(x, xGrid, norm, out, outGrid, stream)
            : octet.octet_rms_norm(x, xGrid, norm, out, outGrid, stream);
      }
    };
  }
}
