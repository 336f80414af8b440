// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import java.util.OptionalInt;

/**
 * The settings of a quantizer. Immutable; the {@code with} methods return changed copies.
 *
 * @param nBits bits of the integer grid, 0 to 24. 0 and 1 give the degenerate grids that the
 *     formulas give: steps may be infinite, outputs NaN
 * @param perChannel whether every index along dimension 0 has a step of its own
 * @param axis the dimension along which every index has a step of its own; negative ones count from
 *     the last; empty: none
 * @param scaleDomain what is stored as the step
 * @param eps the least upper end of a range and, in the linear domain, the least scale
 */
public record QuantizerOptions(
    int nBits, boolean perChannel, OptionalInt axis, ScaleDomain scaleDomain, double eps) {

  /** The bits that a grid may have at most: its ends are then exact in 32-bit floats. */
  public static final int MAX_BITS = 24;

  /** The default of {@code eps}. */
  public static final double DEFAULT_EPS = 1e-8;

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException if one is out of range, or both perChannel and axis are set
   */
  public QuantizerOptions {
    if (nBits > MAX_BITS) {
      throw new IllegalArgumentException("n_bits is " + nBits + ", expected at most " + MAX_BITS);
    }
    if (axis == null) {
      throw new IllegalArgumentException("axis is null, expected OptionalInt.empty() for none");
    }
    if (perChannel && axis.isPresent()) {
      throw new IllegalArgumentException(
          "both axis ("
              + axis.getAsInt()
              + ") and per_channel are set, expected at most one of them; per_channel means axis"
              + " 0");
    }
    if (scaleDomain == null) {
      throw new IllegalArgumentException("scale_domain is null, expected LINEAR or LOG");
    }
    if (!(eps > 0 && (float) eps > 0 && Double.isFinite(eps))) {
      throw new IllegalArgumentException(
          "eps is " + eps + ", expected a positive number that 32-bit floats can hold");
    }
  }

  /** Returns the settings for one grid for the whole tensor, linear, eps 1e-8. */
  public static QuantizerOptions ofBits(int nBits) {
    return new QuantizerOptions(nBits, false, OptionalInt.empty(), ScaleDomain.LINEAR, DEFAULT_EPS);
  }

  /** Returns these settings with another perChannel. */
  public QuantizerOptions withPerChannel(boolean perChannel) {
    return new QuantizerOptions(nBits, perChannel, axis, scaleDomain, eps);
  }

  /** Returns these settings with an axis. */
  public QuantizerOptions withAxis(int axis) {
    return new QuantizerOptions(nBits, perChannel, OptionalInt.of(axis), scaleDomain, eps);
  }

  /** Returns these settings with another scale domain. */
  public QuantizerOptions withScaleDomain(ScaleDomain scaleDomain) {
    return new QuantizerOptions(nBits, perChannel, axis, scaleDomain, eps);
  }

  /** Returns these settings with another eps. */
  public QuantizerOptions withEps(double eps) {
    return new QuantizerOptions(nBits, perChannel, axis, scaleDomain, eps);
  }

  /** Tells whether there may be more than one step. */
  public boolean hasVectorRange() {
    return perChannel || axis.isPresent();
  }
}
