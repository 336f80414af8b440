// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** Functions of one value; the formulas are those of {@code elementwise.h}. */
public enum UnaryFunction {
  /** A requantization or a conversion. */
  IDENTITY(octet.OCTET_IDENTITY),
  RELU(octet.OCTET_RELU),
  RELU6(octet.OCTET_RELU6),
  GELU_ERF(octet.OCTET_GELU_ERF),
  GELU_TANH(octet.OCTET_GELU_TANH),
  SILU(octet.OCTET_SILU),
  SIGMOID(octet.OCTET_SIGMOID),
  TANH(octet.OCTET_TANH),
  HARDSWISH(octet.OCTET_HARDSWISH),
  HARDSIGMOID(octet.OCTET_HARDSIGMOID),
  EXP(octet.OCTET_EXP),
  LOG(octet.OCTET_LOG),
  SQRT(octet.OCTET_SQRT),
  RSQRT(octet.OCTET_RSQRT),
  RECIPROCAL(octet.OCTET_RECIPROCAL),
  NEG(octet.OCTET_NEG),
  ABS(octet.OCTET_ABS),
  ERF(octet.OCTET_ERF),
  /** To the power {@code first}. */
  POW(octet.OCTET_POW),
  /** Between {@code first} and {@code second}. */
  CLAMP(octet.OCTET_CLAMP),
  /** {@code first}: the slope below 0. */
  LEAKY_RELU(octet.OCTET_LEAKY_RELU),
  /** {@code first}: alpha. */
  ELU(octet.OCTET_ELU),
  SOFTPLUS(octet.OCTET_SOFTPLUS),
  MISH(octet.OCTET_MISH);

  private final int code;

  UnaryFunction(int code) {
    this.code = code;
  }

  /** Returns the value of {@code octet_unary_function}. */
  int code() {
    return code;
  }
}
