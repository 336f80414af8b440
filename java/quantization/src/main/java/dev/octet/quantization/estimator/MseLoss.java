// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.Quantizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The sum of squared errors of a small tensor: first of every row, then of the rows. */
final class MseLoss implements RangeLoss {
  private final Tensor x;
  private final TrialQuantizer trial;
  private final float[] values;
  private final float[] squares;
  private final int rows;

  /**
   * Makes the loss of a tensor.
   *
   * @param repeats how often every error counts
   */
  MseLoss(Quantizer quantizer, Tensor x, int repeats) {
    try (Tensor wide = x.to(ScalarType.Float)) {
      this.x = wide.contiguous();
    }
    trial = new TrialQuantizer(quantizer, this.x);
    values = Tensors.toFloats(this.x);
    squares = new float[values.length * repeats];
    rows = (int) x.size(0);
  }

  @Override
  public float of(double min, double max) {
    float[] quantized = Tensors.toFloats(trial.quantize(min, max));
    for (int i = 0; i < values.length; i++) {
      float error = values[i] - quantized[i];
      squares[i] = error * error;
    }
    for (int i = values.length; i < squares.length; i += values.length) {
      System.arraycopy(squares, 0, squares, i, values.length);
    }
    int columns = squares.length / rows;
    float[] sums = new float[rows];
    for (int row = 0; row < rows; row++) {
      sums[row] = CascadeSum.of(squares, row * columns, columns);
    }
    return CascadeSum.of(sums, 0, rows);
  }

  @Override
  public void close() {
    trial.close();
    x.close();
  }
}
