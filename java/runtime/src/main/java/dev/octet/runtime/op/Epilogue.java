// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_epilogue;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * What linear and convolution have in common: bias, activation, a factor for each channel after it,
 * residual, and the type and grid of the output.
 */
final class Epilogue {
  private Epilogue() {}

  /**
   * Adds the roles {@code bias}, {@code factor}, {@code residual} and {@code out} and their
   * attributes.
   */
  static Signature.Builder add(Signature.Builder signature) {
    return signature
        .input("bias", Presence.OPTIONAL_CONSTANT, Signature.types(ElementType.F32), GridRule.NONE)
        .input(
            "factor", Presence.OPTIONAL_CONSTANT, Signature.types(ElementType.F32), GridRule.NONE)
        .input("residual", Presence.OPTIONAL, Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
        .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
        .attribute(AttributeSpec.choice("activation", Activation.class, Activation.NONE))
        .attribute(
            AttributeSpec.choice(
                "residual_place", ResidualPlace.class, ResidualPlace.AFTER_ACTIVATION));
  }

  /** Checks bias and residual. */
  static void check(OperationView operation, Dimension channels, Shape out) {
    for (String role : new String[] {"bias", "factor"}) {
      if (operation.has(role)) {
        operation.requireShape(role, Shape.of(List.of(channels)));
      }
    }
    if (operation.has("residual")) {
      operation.requireShape("residual", out);
    }
  }

  /**
   * Builds the structure.
   *
   * @param residual the residual as the call sees it, null for none
   */
  static octet_epilogue prepare(CallContext context, DLTensor residual) {
    OperationView operation = context.operation();
    octet_epilogue epilogue =
        new octet_epilogue(context.structs().zeroed(Loader.sizeof(octet_epilogue.class)));
    return epilogue
        .bias(context.tensor("bias"))
        .activation(operation.choice("activation", Activation.class).code())
        .factor(context.tensor("factor"))
        .residual(residual)
        .residual_place(operation.choice("residual_place", ResidualPlace.class).code())
        .residual_grid(context.grid("residual"))
        .out_grid(context.grid("out"));
  }
}
