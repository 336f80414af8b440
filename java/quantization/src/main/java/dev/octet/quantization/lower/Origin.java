// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/**
 * Where in the model an operation comes from.
 *
 * @param path of the module, or the name of the node of an operator
 * @param what the type of the module, or the operator
 * @param source where the model's program has it; null if not known
 * @param isModule whether it is a module
 */
record Origin(String path, String what, String source, boolean isModule) {
  /** Returns words for messages. */
  @Override
  public String toString() {
    return "'" + path + "' (" + what + (source == null ? "" : ", " + source) + ")";
  }
}
