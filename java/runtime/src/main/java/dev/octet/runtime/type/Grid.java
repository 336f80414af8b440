// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.Arrays;

/**
 * The quantization grid of integer codes: a code q stands for {@code scale * (q - zeroPoint)}.
 *
 * <p>Either one scale and zero point for all of a value (axis -1), or one for each of g equal
 * slices along an axis, g a divisor of its size; g equal to the size is "per channel".
 */
public final class Grid {
  /** The axis of a grid that is the same for a whole value. */
  public static final int PER_TENSOR = -1;

  private static final int LARGEST_CODE = 1 << 24;

  private final float[] scales;
  private final int[] zeroPoints;
  private final int intMin;
  private final int intMax;
  private final int axis;

  /** Of all scales and zero points, 0 until it is asked for. */
  private int hash;

  private Grid(float[] scales, int[] zeroPoints, int intMin, int intMax, int axis) {
    this.scales = scales;
    this.zeroPoints = zeroPoints;
    this.intMin = intMin;
    this.intMax = intMax;
    this.axis = axis;
    check();
  }

  /**
   * Returns a grid for a whole value.
   *
   * @param scale the step between neighbouring codes, in units of the real values: finite, at least
   *     {@link Float#MIN_NORMAL}
   * @param zeroPoint the code of 0, within intMin..intMax
   * @param intMin the least code
   * @param intMax the greatest code
   * @throws InvalidProgramException for values outside these limits
   */
  public static Grid perTensor(float scale, int zeroPoint, int intMin, int intMax) {
    return new Grid(new float[] {scale}, new int[] {zeroPoint}, intMin, intMax, PER_TENSOR);
  }

  /**
   * Returns a grid of slices along an axis.
   *
   * @param scales a step for each slice; copied
   * @param zeroPoints a zero point for each slice, or null: 0; copied
   * @param axis the dimension along which the slices lie, from 0
   * @throws InvalidProgramException for values outside the limits of {@link #perTensor}
   */
  public static Grid perChannel(
      float[] scales, int[] zeroPoints, int intMin, int intMax, int axis) {
    if (axis < 0) {
      throw new InvalidProgramException("grid: axis is " + axis + "; expected at least 0");
    }
    return new Grid(
        scales.clone(),
        zeroPoints == null ? new int[scales.length] : zeroPoints.clone(),
        intMin,
        intMax,
        axis);
  }

  private void check() {
    if (intMin > intMax || intMin < -LARGEST_CODE || intMax > LARGEST_CODE) {
      throw new InvalidProgramException(
          "grid: codes are "
              + intMin
              + ".."
              + intMax
              + "; expected the least one first and magnitudes up to 2^24");
    }
    if (scales.length == 0 && axis == PER_TENSOR || scales.length != zeroPoints.length) {
      throw new InvalidProgramException(
          "grid: " + scales.length + " scales and " + zeroPoints.length + " zero points");
    }
    for (int i = 0; i < scales.length; i++) {
      if (!(scales[i] >= Float.MIN_NORMAL) || Float.isInfinite(scales[i])) {
        throw new InvalidProgramException(
            "grid: scale "
                + i
                + " is "
                + scales[i]
                + "; expected a finite number of at least "
                + Float.MIN_NORMAL);
      }
      if (zeroPoints[i] < intMin || zeroPoints[i] > intMax) {
        throw new InvalidProgramException(
            "grid: zero point "
                + i
                + " is "
                + zeroPoints[i]
                + "; expected "
                + intMin
                + ".."
                + intMax);
      }
    }
  }

  /** Returns the number of slices with a scale of their own: 1 for a grid of a whole value. */
  public int count() {
    return scales.length;
  }

  /** Returns the step of a slice. */
  public float scale(int slice) {
    return scales[slice];
  }

  /** Returns the code of 0 in a slice. */
  public int zeroPoint(int slice) {
    return zeroPoints[slice];
  }

  /** Returns a copy of the steps. */
  public float[] scales() {
    return scales.clone();
  }

  /** Returns a copy of the zero points. */
  public int[] zeroPoints() {
    return zeroPoints.clone();
  }

  /** Tells whether any zero point is not 0. */
  public boolean hasZeroPoints() {
    for (int zeroPoint : zeroPoints) {
      if (zeroPoint != 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns the least code. */
  public int intMin() {
    return intMin;
  }

  /** Returns the greatest code. */
  public int intMax() {
    return intMax;
  }

  /** Returns the bits that a code needs: 8 for -128..127 and 0..255, 4 for -8..7 and 0..15. */
  public int bits() {
    int magnitude = Math.max(intMax, ~Math.min(intMin, 0));
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(magnitude);
    return Math.max(1, intMin < 0 ? bits + 1 : bits);
  }

  /** Returns the dimension along which slices lie, or {@link #PER_TENSOR}. */
  public int axis() {
    return axis;
  }

  /** Tells whether one scale and zero point hold for a whole value. */
  public boolean isPerTensor() {
    return axis == PER_TENSOR;
  }

  /** Returns the same grid with its slices along another axis. */
  public Grid alongAxis(int otherAxis) {
    return isPerTensor() ? this : perChannel(scales, zeroPoints, intMin, intMax, otherAxis);
  }

  /** Tells whether all codes fit a type of codes. */
  public boolean fits(ElementType type) {
    return switch (type) {
      case S8 -> intMin >= Byte.MIN_VALUE && intMax <= Byte.MAX_VALUE;
      case U8 -> intMin >= 0 && intMax <= 255;
      case S32 -> true;
      default -> false;
    };
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Grid grid
        && axis == grid.axis
        && intMin == grid.intMin
        && intMax == grid.intMax
        && Arrays.equals(scales, grid.scales)
        && Arrays.equals(zeroPoints, grid.zeroPoints);
  }

  @Override
  public int hashCode() {
    if (hash == 0) {
      hash =
          (Arrays.hashCode(scales) * 31 + Arrays.hashCode(zeroPoints)) * 31 + intMin * 31 + intMax;
    }
    return hash;
  }

  /** Returns a line such as {@code {scale 0.02, zero point 128, 0..255}}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    if (isPerTensor()) {
      text.append("scale ").append(scales[0]);
      if (zeroPoints[0] != 0) {
        text.append(", zero point ").append(zeroPoints[0]);
      }
    } else {
      text.append(scales.length).append(" scales on axis ").append(axis);
      if (hasZeroPoints()) {
        text.append(" with zero points");
      }
    }
    return text.append(", ").append(intMin).append("..").append(intMax).append('}').toString();
  }
}
