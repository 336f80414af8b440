// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import java.util.Map;

/** ResNet-18. */
public final class OnnxResNet extends OnnxNetwork {
  private static final int STAGES = 4;
  private static final int BLOCKS = 2;
  private static final String RELU = "Relu";
  private static final String FIRST = "conv1";
  private static final String MAX_POOL = "maxpool";

  /**
   * Takes the network.
   *
   * @param parameters by PyTorch's names, BatchNorm folded into the convolutions
   * @param size height and width of the images
   */
  public OnnxResNet(Map<String, Parameter> parameters, int size) {
    super(parameters, size);
  }

  @Override
  String classifier() {
    return "fc";
  }

  @Override
  Image features(Image x) {
    Image y = maxPool(MAX_POOL, convolution(FIRST, x, 2, 3, RELU));
    for (int stage = 1; stage <= STAGES; stage++) {
      for (int block = 0; block < BLOCKS; block++) {
        y = block("layer" + stage + "." + block, y, stage > 1 && block == 0 ? 2 : 1);
      }
    }
    return y;
  }

  private Image block(String path, Image x, int stride) {
    Image y = convolution(path + ".conv1", x, stride, 1, RELU);
    y = convolution(path + ".conv2", y, 1, 1, null);
    String shortcut = path + ".downsample.0";
    Image other = weight(shortcut) == null ? x : convolution(shortcut, x, stride, 0, null);
    return sum(path, y, other, true);
  }

  /** Pooling by maximum keeps the grid: ONNX Runtime moves codes then. */
  @Override
  String gridName(String name) {
    return name.equals(MAX_POOL) ? FIRST : super.gridName(name);
  }
}
