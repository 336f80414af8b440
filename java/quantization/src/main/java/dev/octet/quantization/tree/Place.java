// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

/**
 * A place in a Java object graph that holds a reference: a field, an array element, an element of a
 * collection.
 */
interface Place {

  /** What the place holds now. */
  Object get();

  /** The class that the declared type of the place asks for. */
  Class<?> required();

  /** Why the place cannot be set, with what to do about it, or null if it can. */
  String obstacle();

  /** Set the place; called only where there is no obstacle. */
  void set(Object value);

  /** The place in words, for messages. */
  String describe();

  /** The name of the field, or the key, that holds the value; compared with registered names. */
  String label();

  /** Whether setting replaces an immutable collection, so that others should be set first. */
  default boolean copies() {
    return false;
  }
}
