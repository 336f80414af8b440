// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * An inverted residual of MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381): a convolution of 1 x
 * 1 that gives more channels, one of 3 x 3 for each channel, and one of 1 x 1 that gives fewer;
 * with a shortcut where that changes nothing of the shape.
 *
 * @param path the name of the module
 * @param in channels
 * @param hidden channels in between
 * @param out channels
 * @param stride of the convolution for each channel
 */
public record MobileNetBlock(String path, int in, int hidden, int out, int stride) {
  /** Expansion, channels, blocks and first stride, as in table 2 of the paper. */
  private static final int[][] STAGES = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1}
  };

  private static final int WIDTH = 32;

  /**
   * Returns the blocks of the network, "features.1" and so on.
   *
   * @param width channels of the first convolution: a multiple of 4, 32 in the paper
   */
  static List<MobileNetBlock> ofWidth(int width) {
    List<MobileNetBlock> blocks = new ArrayList<>();
    int in = width;
    for (int[] stage : STAGES) {
      int out = stage[1] * width / WIDTH;
      for (int i = 0; i < stage[2]; i++) {
        String path = "features." + (blocks.size() + 1);
        blocks.add(new MobileNetBlock(path, in, in * stage[0], out, i == 0 ? stage[3] : 1));
        in = out;
      }
    }
    return blocks;
  }

  /** Tells whether there is a convolution that gives more channels. */
  public boolean expands() {
    return hidden != in;
  }

  /** Tells whether the input is added to the result. */
  public boolean hasShortcut() {
    return stride == 1 && in == out;
  }

  /** Returns the name of the convolution that gives more channels. */
  public String expansion() {
    return path + ".conv.0.0";
  }

  /** Returns the name of the convolution for each channel. */
  public String depthwise() {
    return path + (expands() ? ".conv.1.0" : ".conv.0.0");
  }

  /** Returns the name of the convolution that gives fewer channels. */
  public String projection() {
    return path + (expands() ? ".conv.2" : ".conv.1");
  }
}
