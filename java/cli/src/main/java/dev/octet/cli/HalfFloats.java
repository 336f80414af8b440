// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

/** Half-precision numbers, by their bits. Java has conversions from version 20 on. */
final class HalfFloats {
  private static final int SIGN = 0x8000;
  private static final int EXPONENT = 0x7c00;
  private static final int FRACTION = 0x03ff;
  private static final int FRACTION_BITS = 10;

  /** The distance of neighbouring subnormal halves. */
  private static final float STEP = 0x1p-24f;

  /** Half of the way from the greatest half to what would be the next one. */
  private static final float OVERFLOW = 65520f;

  private HalfFloats() {}

  /** Returns the value of an IEEE 754 half-precision number. */
  static float toFloat(short half) {
    int exponent = (half & EXPONENT) >> FRACTION_BITS;
    int fraction = half & FRACTION;
    float magnitude;
    if (exponent == 0) {
      magnitude = fraction * STEP;
    } else if (exponent == EXPONENT >> FRACTION_BITS) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      magnitude = Math.scalb((float) (fraction | 1 << FRACTION_BITS), exponent - 25);
    }
    return (half & SIGN) == 0 ? magnitude : -magnitude;
  }

  /** Returns the nearest half, the even one of two. */
  static short toHalf(float value) {
    int sign = Float.floatToRawIntBits(value) >>> 16 & SIGN;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | EXPONENT | 1 << 9);
    }
    if (magnitude >= OVERFLOW) {
      return (short) (sign | EXPONENT);
    }
    // Steps of the binade: all halves are multiples of 2^-24, those from 2^e on of 2^(e - 10).
    int exponent = Math.max(Math.getExponent(magnitude), -14);
    int steps = (int) Math.rint((double) Math.scalb(magnitude, FRACTION_BITS - exponent));
    // A carry into the next binade is the right exponent with a fraction of 0.
    return (short) (sign | ((exponent + 14) << FRACTION_BITS) + steps);
  }

  /** Returns the nearest bfloat16, the even one of two. */
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 1 << 6);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
