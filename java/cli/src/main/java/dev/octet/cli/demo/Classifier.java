// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.randperm;

import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Trains and evaluates a {@link DigitsNet}, converted or not. */
final class Classifier {
  private static final int BATCH = 64;

  private Classifier() {}

  /** Trains for some epochs with Adam, at a learning rate that falls to a tenth on the way. */
  static void train(
      DigitsNet model, Digits.Part data, int epochs, double learningRate, Runnable afterEpoch) {
    model.train(true);
    try (AdamOptions options = new AdamOptions(learningRate);
        Adam optimizer = new Adam(model.parameters(), options)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        double progress = epochs == 1 ? 0 : (double) epoch / (epochs - 1);
        optimizer.param_groups().get(0).options().set_lr(learningRate * Math.pow(0.1, progress));
        trainEpoch(model, optimizer, data);
        afterEpoch.run();
      }
    }
    model.eval();
  }

  private static void trainEpoch(DigitsNet model, Adam optimizer, Digits.Part data) {
    try (PointerScope epoch = new PointerScope()) {
      Tensor order = randperm(data.size());
      for (int start = 0; start < data.size(); start += BATCH) {
        try (PointerScope batch = new PointerScope()) {
          long length = Math.min(BATCH, data.size() - start);
          Tensor indices = order.narrow(0, start, length);
          optimizer.zero_grad();
          Tensor scores = model.forward(data.images().index_select(0, indices));
          cross_entropy_loss(scores, data.labels().index_select(0, indices)).backward();
          optimizer.step();
        }
      }
    }
  }

  /** Returns the class with the highest score for every image, in eval mode. */
  static Tensor predict(DigitsNet model, Digits.Part data) {
    model.eval();
    try (NoGradGuard guard = new NoGradGuard();
        Tensor scores = model.forward(data.images())) {
      return scores.argmax(new LongOptional(1), false);
    }
  }

  /** Returns the share of equal elements of two tensors. */
  static double share(Tensor a, Tensor b) {
    try (Tensor equal = a.eq(b);
        Tensor sum = equal.sum()) {
      return (double) sum.item().toLong() / a.numel();
    }
  }
}
