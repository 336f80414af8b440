// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import dev.octet.benchmarks.MobileNetBlock;
import java.util.List;
import java.util.Map;

/** MobileNetV2. */
public final class OnnxMobileNet extends OnnxNetwork {
  private static final String RELU6 = "Clip";

  private final List<MobileNetBlock> blocks;

  /**
   * Takes the network.
   *
   * @param parameters by PyTorch's names, BatchNorm folded into the convolutions
   * @param blocks of the network
   * @param size height and width of the images
   */
  public OnnxMobileNet(Map<String, Parameter> parameters, List<MobileNetBlock> blocks, int size) {
    super(parameters, size);
    this.blocks = List.copyOf(blocks);
  }

  @Override
  String classifier() {
    return "classifier.1";
  }

  @Override
  Image features(Image x) {
    Image y = convolution("features.0.0", x, 2, 1, RELU6);
    for (MobileNetBlock block : blocks) {
      y = block(block, y);
    }
    return convolution("features." + (blocks.size() + 1) + ".0", y, 1, 0, RELU6);
  }

  private Image block(MobileNetBlock block, Image x) {
    Image y = block.expands() ? convolution(block.expansion(), x, 1, 0, RELU6) : x;
    y = convolution(block.depthwise(), y, block.stride(), 1, RELU6);
    y = convolution(block.projection(), y, 1, 0, null);
    return block.hasShortcut() ? sum(block.path(), x, y, false) : y;
  }
}
