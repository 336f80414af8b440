// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

/** What a map does with a module, and which of its entries decides that. */
public enum Decision {
  /** Excluded by its path. */
  EXCLUDED("excluded"),
  /** Below an excluded module. */
  INSIDE_EXCLUDED("inside an excluded module"),
  /** Replaced because of an entry for its path. */
  INSTANCE("instance"),
  /** Replaced because of an entry for its type. */
  TYPE("type"),
  /** An entry for its path or type applies, but its configuration quantizes nothing. */
  NO_BITS("no bits"),
  /** Below a module that is replaced, or whose configuration quantizes nothing. */
  INSIDE_REPLACED("inside a module with an entry"),
  /** Registered before under another name: treated there. */
  SHARED("shared"),
  /** No entry applies. */
  NONE("-");

  private final String words;

  Decision(String words) {
    this.words = words;
  }

  /** Returns the reason in words. */
  public String words() {
    return words;
  }

  /** Tells whether the module is replaced. */
  public boolean replaces() {
    return this == INSTANCE || this == TYPE;
  }

  /** Tells whether modules below are looked at. */
  boolean descends() {
    return this == NONE;
  }
}
