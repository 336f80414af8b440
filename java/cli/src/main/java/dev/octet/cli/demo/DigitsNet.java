// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.relu;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** A small convolutional network for 8x8 images, written as the presets' own examples are. */
public final class DigitsNet extends Module {
  private static final int CLASSES = 10;

  private final Conv2dImpl conv1 = register_module("conv1", conv3x3(1, 16));
  private final BatchNorm2dImpl norm1 = register_module("norm1", new BatchNorm2dImpl(norm(16)));
  private final Conv2dImpl conv2 = register_module("conv2", conv3x3(16, 32));
  private final BatchNorm2dImpl norm2 = register_module("norm2", new BatchNorm2dImpl(norm(32)));
  private final LinearImpl fc1 = register_module("fc1", new LinearImpl(32 * 2 * 2, 64));
  private final LinearImpl head = register_module("head", new LinearImpl(64, CLASSES));

  private static Conv2dImpl conv3x3(long in, long out) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(3L, 3L));
    options.padding().put(new LongPointer(1L, 1L));
    return new Conv2dImpl(options);
  }

  private static BatchNormOptions norm(long channels) {
    return new BatchNormOptions(channels);
  }

  Conv2dImpl conv1() {
    return conv1;
  }

  BatchNorm2dImpl norm1() {
    return norm1;
  }

  Conv2dImpl conv2() {
    return conv2;
  }

  BatchNorm2dImpl norm2() {
    return norm2;
  }

  LinearImpl fc1() {
    return fc1;
  }

  LinearImpl head() {
    return head;
  }

  /**
   * Classifies images.
   *
   * @param images f32 {@code [n, 1, 8, 8]}
   * @return scores {@code [n, 10]}
   */
  public Tensor forward(Tensor images) {
    Tensor x = max_pool2d(relu(norm1.forward(conv1.forward(images))), 2, 2);
    x = max_pool2d(relu(norm2.forward(conv2.forward(x))), 2, 2);
    x = relu(fc1.forward(x.flatten(1, -1)));
    return head.forward(x);
  }
}
