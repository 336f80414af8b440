// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphNode;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What the arguments of an operator are to a layer.
 *
 * @param kind a short name of the layer
 * @param input the index of the argument that the layer is called with
 * @param slots the indices of the tensors, by the names that the layer has for them
 * @param byInput whether the class depends on the rank of the input, and not on that of the weight
 * @param classOf the class of a call with such a rank; null if it is not known
 */
record OperatorRoles(
    String kind,
    int input,
    Map<String, Integer> slots,
    boolean byInput,
    BiFunction<GraphNode, Integer, String> classOf) {

  private static final int TRANSPOSED = 6;

  static Map<String, OperatorRoles> all() {
    Map<String, OperatorRoles> all = new HashMap<>();
    all.put("aten::linear", affine("linear", 1, 2, (node, rank) -> "linear.Linear"));
    all.put("aten::_convolution", affine("conv", 1, 2, OperatorRoles::general));
    all.put("aten::convolution", affine("conv", 1, 2, OperatorRoles::general));
    all.put("aten::_convolution_mode", affine("conv", 1, 2, (node, rank) -> conv("Conv", rank)));
    for (int dims = 1; dims <= 3; dims++) {
      all.put("aten::conv" + dims + "d", affine("conv", 1, 2, (node, rank) -> conv("Conv", rank)));
      all.put(
          "aten::conv_transpose" + dims + "d",
          affine("conv", 1, 2, (node, rank) -> conv("ConvTranspose", rank)));
    }
    all.put(
        "aten::layer_norm", affine("layer_norm", 2, 3, (node, rank) -> "normalization.LayerNorm"));
    all.put(
        "aten::group_norm", affine("group_norm", 2, 3, (node, rank) -> "normalization.GroupNorm"));
    all.put(
        "aten::embedding",
        new OperatorRoles(
            "embedding", 1, Map.of("weight", 0), false, (node, rank) -> "sparse.Embedding"));
    Map<String, Integer> statistics = new LinkedHashMap<>(slots(1, 2));
    statistics.put("running_mean", 3);
    statistics.put("running_var", 4);
    all.put(
        "aten::batch_norm",
        new OperatorRoles("batch_norm", 0, statistics, true, (node, rank) -> batchNorm(rank)));
    return all;
  }

  private static OperatorRoles affine(
      String kind, int weight, int bias, BiFunction<GraphNode, Integer, String> classOf) {
    return new OperatorRoles(kind, 0, slots(weight, bias), false, classOf);
  }

  private static Map<String, Integer> slots(int weight, int bias) {
    Map<String, Integer> slots = new LinkedHashMap<>();
    slots.put("weight", weight);
    slots.put("bias", bias);
    return slots;
  }

  private static String general(GraphNode node, int rank) {
    boolean transposed = Boolean.TRUE.equals(node.arguments().get(TRANSPOSED));
    return conv(transposed ? "ConvTranspose" : "Conv", rank);
  }

  private static String conv(String name, int rank) {
    return "conv." + name + (rank - 2) + "d";
  }

  private static String batchNorm(int rank) {
    return switch (rank) {
      case 2, 3 -> "batchnorm.BatchNorm1d";
      case 4 -> "batchnorm.BatchNorm2d";
      case 5 -> "batchnorm.BatchNorm3d";
      default -> null;
    };
  }

  int weight() {
    return slots.get("weight");
  }

  String className(GraphNode node, int rank) {
    return classOf.apply(node, rank);
  }
}
