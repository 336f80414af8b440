// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import dev.octet.benchmarks.MobileNetV3Block;
import java.util.List;
import java.util.Map;

/** MobileNetV3-Large. */
public final class OnnxMobileNetV3 extends OnnxNetwork {
  private static final String HARDSWISH = "HardSwish";
  private static final String RELU = "Relu";

  private final List<MobileNetV3Block> blocks;

  /**
   * Takes the network.
   *
   * @param parameters by PyTorch's names, BatchNorm folded into the convolutions
   * @param blocks of the network
   * @param size height and width of the images
   */
  public OnnxMobileNetV3(
      Map<String, Parameter> parameters, List<MobileNetV3Block> blocks, int size) {
    super(parameters, size);
    this.blocks = List.copyOf(blocks);
  }

  @Override
  String classifier() {
    return "classifier.3";
  }

  @Override
  Image features(Image x) {
    Image y = convolution("features.0.0", x, 2, 1, HARDSWISH);
    for (MobileNetV3Block block : blocks) {
      y = block(block, y);
    }
    return convolution("features." + (blocks.size() + 1) + ".0", y, 1, 0, HARDSWISH);
  }

  @Override
  String beforeClassifier(String features) {
    return linear("classifier.0", features, HARDSWISH);
  }

  private Image block(MobileNetV3Block block, Image x) {
    String activation = block.hard() ? HARDSWISH : RELU;
    Image y = block.expands() ? convolution(block.expansion(), x, 1, 0, activation) : x;
    y = convolution(block.depthwise(), y, block.stride(), block.kernel() / 2, activation);
    if (block.excites()) {
      y = excitation(block.excitation(), y);
    }
    y = convolution(block.projection(), y, 1, 0, null);
    return block.hasShortcut() ? sum(block.path(), x, y, false) : y;
  }

  private Image excitation(String path, Image x) {
    Image factors = mean(path + ".avgpool", x);
    factors = convolution(path + ".fc1", factors, 1, 0, RELU);
    factors = convolution(path + ".fc2", factors, 1, 0, "HardSigmoid");
    return product(path, factors, x);
  }
}
