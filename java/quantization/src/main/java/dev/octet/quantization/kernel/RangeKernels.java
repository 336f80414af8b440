// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import static dev.octet.bindings.NativeLibrary.check;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_range_mse_options;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.bytedeco.pytorch.Tensor;

/**
 * Ranges of tensors, and grids from ranges, by the native library.
 *
 * <p>The formulas are those of the C API's {@code range.h} and {@code grid.h}. With axis -1 there
 * is one result for all of x, else one for every index along the axis. Threads and exceptions as in
 * {@link QuantizeKernels}.
 */
public final class RangeKernels {
  private static final int ALIGNMENT = 64;

  private RangeKernels() {}

  /**
   * Computes steps, zero points and the sign from ranges.
   *
   * @param xMin f32, any shape
   * @param xMax like xMin
   * @param delta out: f32, compact, as many elements as xMin
   * @param zeroFloat out: like delta; null makes the grid symmetric
   * @return whether the grid is symmetric and signed
   */
  public static boolean gridFromRange(
      Tensor xMin,
      Tensor xMax,
      int nBits,
      boolean logDomain,
      float eps,
      Tensor delta,
      Tensor zeroFloat) {
    CallFrame frame = CallFrame.next();
    int[] signed = new int[1];
    check(
        octet.octet_grid_from_range(
            frame.tensor(xMin, "x_min"),
            frame.tensor(xMax, "x_max"),
            scheme(zeroFloat == null),
            nBits,
            scaleDomain(logDomain),
            eps,
            frame.tensor(delta, "delta"),
            frame.tensor(zeroFloat, "zero_float"),
            signed));
    return signed[0] != 0;
  }

  /** Returns the least and the greatest integer of a grid. */
  public static float[] gridLimits(int nBits, boolean signed) {
    NativeLibrary.load();
    float[] least = new float[1];
    float[] greatest = new float[1];
    check(octet.octet_grid_limits(nBits, signed ? 1 : 0, least, greatest));
    return new float[] {least[0], greatest[0]};
  }

  /** Computes least and greatest values; a NaN makes both NaN. */
  public static void minMax(Tensor x, int axis, Tensor outMin, Tensor outMax) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_min_max(
            frame.tensor(x, "x"),
            axis,
            frame.tensor(outMin, "out_min"),
            frame.tensor(outMax, "out_max"),
            null));
  }

  /**
   * Computes two percentiles with linear interpolation; a NaN makes both NaN.
   *
   * @param low a percentage, 0 to 100
   * @param high a percentage, 0 to 100
   */
  public static void percentile(
      Tensor x, int axis, double low, double high, Tensor outLow, Tensor outHigh) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      check(octet.octet_percentile_workspace_size(CallFrame.next().tensor(x, "x"), axis, bytes));
      long size = bytes.get();
      try (BytePointer workspace = new BytePointer(size + ALIGNMENT)) {
        CallFrame frame = CallFrame.next();
        check(
            octet.octet_percentile(
                frame.tensor(x, "x"),
                axis,
                low,
                high,
                frame.tensor(outLow, "out_low"),
                frame.tensor(outHigh, "out_high"),
                aligned(workspace),
                size,
                null));
      }
    }
  }

  private static Pointer aligned(BytePointer workspace) {
    return workspace.getPointer(BytePointer.class, -workspace.address() & (ALIGNMENT - 1));
  }

  /**
   * Sums squared errors of quantization over x for many candidate ranges in one pass.
   *
   * @param symmetric whether the grids are symmetric
   * @param candidateMin f32, compact, [candidates] or [slices, candidates]
   * @param candidateMax like candidateMin
   * @param loss out: f32 or f64, compact, [slices, candidates]
   */
  public static void mse(
      Tensor x,
      int axis,
      boolean symmetric,
      int nBits,
      boolean logDomain,
      float eps,
      Tensor candidateMin,
      Tensor candidateMax,
      Tensor loss) {
    CallFrame frame = CallFrame.next();
    try (octet_range_mse_options options = new octet_range_mse_options()) {
      options.scheme(scheme(symmetric));
      options.n_bits(nBits);
      options.scale_domain(scaleDomain(logDomain));
      options.eps(eps);
      check(
          octet.octet_range_mse(
              frame.tensor(x, "x"),
              axis,
              options,
              frame.tensor(candidateMin, "candidate_min"),
              frame.tensor(candidateMax, "candidate_max"),
              frame.tensor(loss, "loss"),
              null));
    }
  }

  private static int scheme(boolean symmetric) {
    return symmetric ? octet.OCTET_SYMMETRIC : octet.OCTET_ASYMMETRIC;
  }

  private static int scaleDomain(boolean logDomain) {
    return logDomain ? octet.OCTET_SCALE_LOG : octet.OCTET_SCALE_LINEAR;
  }
}
