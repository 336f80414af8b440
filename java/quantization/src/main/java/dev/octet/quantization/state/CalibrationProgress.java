// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

/** Is told how a calibration goes on. */
@FunctionalInterface
public interface CalibrationProgress {
  /** Does nothing. */
  CalibrationProgress NONE = (done, atMost) -> {};

  /**
   * A batch is done; called on the thread that calibrates.
   *
   * @param done batches done so far, from 1
   * @param atMost batches that will be used at most
   */
  void batchDone(int done, int atMost);
}
