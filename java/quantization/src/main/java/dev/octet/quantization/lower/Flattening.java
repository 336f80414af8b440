// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A reshape that joins channels, height and width of images, and the layers that multiply what it
 * makes by weights: with the columns of the weights in another order they take images channels
 * last.
 *
 * @param reshape the operation
 * @param layers the layers, none if there is one pixel and the order is the same
 */
record Flattening(DraftOperation reshape, List<DraftOperation> layers) {
  /** Returns what an operation is, null if it is another. */
  static Flattening of(
      DraftOperation operation, Draft draft, Map<DraftValue, List<DraftOperation>> uses) {
    if (!operation.is("reshape") || !ImageGroups.isImage(operation.input("x"))) {
      return null;
    }
    Sizes from = operation.input("x").sizes();
    Sizes to = operation.out().sizes();
    boolean joins =
        to.rank() == 2
            && from.get(0).equals(to.get(0))
            && from.get(1).isFixed()
            && from.get(2).isFixed()
            && from.get(3).isFixed();
    if (!joins) {
      return null;
    }
    List<DraftOperation> layers = new ArrayList<>();
    boolean onePixel = from.get(2).is(1) && from.get(3).is(1);
    boolean free = onePixel || collect(operation.out(), draft, uses, layers);
    return free ? new Flattening(operation, onePixel ? List.of() : layers) : null;
  }

  /** Finds the layers that take a value; false if anything else does. */
  private static boolean collect(
      DraftValue value,
      Draft draft,
      Map<DraftValue, List<DraftOperation>> uses,
      List<DraftOperation> layers) {
    if (draft.isOutput(value)) {
      return false;
    }
    for (DraftOperation user : uses.getOrDefault(value, List.of())) {
      boolean taken =
          switch (user.kind()) {
            case "quantize", "dequantize", "requantize", "unary", "look_up" ->
                collect(user.out(), draft, uses, layers);
            case "linear", "linear_float" ->
                user.input("x") == value && user.input("residual") != value;
            case "matmul" ->
                user.input("a") == value
                    && user.input("b").isConstant()
                    && user.input("b").sizes().rank() == 2
                    && Boolean.TRUE.equals(user.attribute("transpose_b"));
            default -> false;
          };
      if (!taken) {
        return false;
      }
      if (roleOfWeights(user) != null) {
        layers.add(user);
      }
    }
    return true;
  }

  private static String roleOfWeights(DraftOperation operation) {
    return switch (operation.kind()) {
      case "linear", "linear_float" -> "weights";
      case "matmul" -> "b";
      default -> null;
    };
  }

  /** Puts the columns of the layers' weights in the order of images channels last. */
  void takeChannelsLast(Draft draft) {
    Sizes from = reshape.input("x").sizes();
    for (DraftOperation layer : layers) {
      String role = roleOfWeights(layer);
      DraftValue weights = layer.input(role);
      long[] shape = {
        weights.sizes().get(0).value(),
        from.get(1).value(),
        from.get(2).value(),
        from.get(3).value()
      };
      layer.input(
          role,
          ConstantOrder.change(draft, weights, shape, ImageLayouts.CHANNELS_LAST, weights.sizes()));
    }
  }
}
