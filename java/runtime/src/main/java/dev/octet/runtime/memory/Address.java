// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.memory;

import org.bytedeco.javacpp.Pointer;

/**
 * A place in memory that another object owns. Not safe for use by several threads while it moves.
 */
public final class Address extends Pointer {
  /** Points to an address; 0 is null. */
  public Address(long address) {
    super((Pointer) null);
    this.address = address;
  }

  /** Points somewhere else from now on. */
  public void moveTo(long newAddress) {
    this.address = newAddress;
  }
}
