// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** Where an epilogue adds the residual. */
public enum ResidualPlace {
  AFTER_ACTIVATION(octet.OCTET_RESIDUAL_AFTER_ACTIVATION),
  BEFORE_ACTIVATION(octet.OCTET_RESIDUAL_BEFORE_ACTIVATION);

  private final int code;

  ResidualPlace(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_residual_place}. */
  int code() {
    return code;
  }
}
