// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import java.io.IOException;

/** Says where in a map's JSON form something is wrong: line, column and field. */
public final class QuantizationMapException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final String field;

  QuantizationMapException(String message, int line, String field) {
    super(message);
    this.line = line;
    this.field = field;
  }

  /** Returns the line, counted from 1. */
  public int line() {
    return line;
  }

  /** Returns the dotted path of the field, empty for the document itself. */
  public String field() {
    return field;
  }
}
