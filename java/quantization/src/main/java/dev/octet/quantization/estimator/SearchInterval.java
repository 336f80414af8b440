// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/**
 * Where ranges are searched: set by the first batch and kept for those that follow.
 *
 * @param lowest the least candidate for a lower end, in searches that shift the range
 * @param highest the greatest candidate for an upper end, in searches that shift the range
 * @param largest the half width of the widest candidate
 */
record SearchInterval(double lowest, double highest, double largest) {

  static SearchInterval of(float min, float max, double margin) {
    double extent = Math.max(Math.abs(min), max);
    return new SearchInterval(min - margin, max + margin, extent + margin);
  }
}
