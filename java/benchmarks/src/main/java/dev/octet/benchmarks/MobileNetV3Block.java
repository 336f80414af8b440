// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * An inverted residual of MobileNetV3-Large (Howard et al. 2019, arXiv:1905.02244): a convolution
 * of 1 x 1 that gives more channels, one for each channel, squeeze and excitation where the network
 * has it, and a convolution of 1 x 1 that gives fewer; with a shortcut where that changes nothing
 * of the shape.
 *
 * @param path the name of the module
 * @param in channels
 * @param kernel height and width of the convolution for each channel
 * @param hidden channels in between
 * @param out channels
 * @param excites whether there is squeeze and excitation
 * @param hard whether activations are hardswish; else they are ReLU
 * @param stride of the convolution for each channel
 */
public record MobileNetV3Block(
    String path,
    int in,
    int kernel,
    int hidden,
    int out,
    boolean excites,
    boolean hard,
    int stride) {
  /** Kernel, hidden channels, channels, excitation, hardswish and stride, as in table 1. */
  private static final int[][] ROWS = {
    {3, 16, 16, 0, 0, 1},
    {3, 64, 24, 0, 0, 2},
    {3, 72, 24, 0, 0, 1},
    {5, 72, 40, 1, 0, 2},
    {5, 120, 40, 1, 0, 1},
    {5, 120, 40, 1, 0, 1},
    {3, 240, 80, 0, 1, 2},
    {3, 200, 80, 0, 1, 1},
    {3, 184, 80, 0, 1, 1},
    {3, 184, 80, 0, 1, 1},
    {3, 480, 112, 1, 1, 1},
    {3, 672, 112, 1, 1, 1},
    {5, 672, 160, 1, 1, 2},
    {5, 960, 160, 1, 1, 1},
    {5, 960, 160, 1, 1, 1}
  };

  private static final int WIDTH = 16;
  private static final int REDUCTION = 4;
  private static final int MULTIPLE = 8;

  /**
   * Returns the blocks of the network, "features.1" and so on.
   *
   * @param width channels of the first convolution: a multiple of 2, 16 in the paper
   */
  static List<MobileNetV3Block> ofWidth(int width) {
    List<MobileNetV3Block> blocks = new ArrayList<>();
    int in = width;
    for (int[] row : ROWS) {
      String path = "features." + (blocks.size() + 1);
      int hidden = row[1] * width / WIDTH;
      int out = row[2] * width / WIDTH;
      blocks.add(
          new MobileNetV3Block(path, in, row[0], hidden, out, row[3] == 1, row[4] == 1, row[5]));
      in = out;
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

  /** Returns the channels between squeeze and excitation: a quarter, in multiples of 8. */
  public int squeezed() {
    int quarter = hidden / REDUCTION;
    return Math.max(MULTIPLE, (quarter + MULTIPLE / 2) / MULTIPLE * MULTIPLE);
  }

  /** Returns the name of the convolution that gives more channels. */
  public String expansion() {
    return part(0) + ".0";
  }

  /** Returns the name of the convolution for each channel. */
  public String depthwise() {
    return part(expands() ? 1 : 0) + ".0";
  }

  /** Returns the name of squeeze and excitation. */
  public String excitation() {
    return part(expands() ? 2 : 1);
  }

  /** Returns the name of the convolution that gives fewer channels. */
  public String projection() {
    return part((expands() ? 2 : 1) + (excites ? 1 : 0)) + ".0";
  }

  private String part(int number) {
    return path + ".block." + number;
  }
}
