// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

/** Reads the recordings of one class of torch.nn. */
@FunctionalInterface
interface Family {

  /**
   * Find out how to make the module.
   *
   * @throws Unrecognized if the recording is not that of the class
   */
  Blueprint read(Recording recording);
}
