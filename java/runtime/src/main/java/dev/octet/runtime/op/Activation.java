// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/**
 * Functions of one value that an epilogue applies; the formulas are those of {@code epilogue.h}.
 */
public enum Activation {
  NONE(octet.OCTET_ACTIVATION_NONE),
  RELU(octet.OCTET_ACTIVATION_RELU),
  RELU6(octet.OCTET_ACTIVATION_RELU6),
  GELU_ERF(octet.OCTET_ACTIVATION_GELU_ERF),
  GELU_TANH(octet.OCTET_ACTIVATION_GELU_TANH),
  SILU(octet.OCTET_ACTIVATION_SILU),
  SIGMOID(octet.OCTET_ACTIVATION_SIGMOID),
  TANH(octet.OCTET_ACTIVATION_TANH),
  HARDSWISH(octet.OCTET_ACTIVATION_HARDSWISH),
  HARDSIGMOID(octet.OCTET_ACTIVATION_HARDSIGMOID);

  private final int code;

  Activation(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_activation}. */
  int code() {
    return code;
  }
}
