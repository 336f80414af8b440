// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

/** Says why a recorded module is not what its class makes one expect. */
final class Unrecognized extends RuntimeException {

  private static final long serialVersionUID = 1L;

  Unrecognized(String reason) {
    super(reason, null, false, false);
  }
}
