// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/** What a search minimizes: the loss of one tensor as a function of the range. */
interface RangeLoss extends AutoCloseable {

  /** Returns the loss with a range. */
  float of(double min, double max);

  @Override
  void close();
}
