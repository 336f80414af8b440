// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

/** A module that knows the conventional name of its type, where it is not that of its class. */
public interface TypeNamed {

  /**
   * Return the conventional type name, such as {@code "Sequential"}.
   *
   * @return the name
   */
  String typeName();
}
