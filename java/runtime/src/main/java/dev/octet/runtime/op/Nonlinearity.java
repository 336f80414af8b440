// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;

/** The function of the layers of a plain recurrent network. */
enum Nonlinearity {
  TANH(octet.OCTET_CELL_RNN_TANH),
  RELU(octet.OCTET_CELL_RNN_RELU);

  private final int cell;

  Nonlinearity(int cell) {
    this.cell = cell;
  }

  /** Returns the {@code octet_recurrent_cell}. */
  int cell() {
    return cell;
  }
}
