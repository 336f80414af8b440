// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

/** The bit widths that a configuration takes. */
final class BitWidths {
  /** Grids of up to 8 bits run in integers, wider ones are simulated. */
  static final int MAX = 16;

  private BitWidths() {}

  static int check(int nBits) {
    if (nBits > MAX) {
      throw new IllegalArgumentException(
          "n_bits is "
              + nBits
              + ", expected at most "
              + MAX
              + " (2 to 8 run in integers, 9 to 16 are simulated, 0 or less leaves the values in"
              + " floats)");
    }
    return nBits;
  }
}
