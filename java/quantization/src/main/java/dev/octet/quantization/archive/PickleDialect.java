// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

/**
 * What the classes and functions that a pickle names mean, in one kind of pickle. Every method gets
 * the offset of the opcode, and throws a {@link ModelFileException} for what has no meaning there.
 */
interface PickleDialect {
  /** A class or function is named. */
  PickleValue global(String module, String name, long offset);

  /** A function is called. */
  PickleValue call(PickleValue function, PickleValue argument, long offset);

  /** An object of a class is made, without a state yet. */
  PickleValue make(PickleValue type, PickleValue arguments, long offset);

  /** An object gets its state; returns what stands for it from then on. */
  PickleValue build(PickleValue object, PickleValue state, long offset);

  /** A persistent id is given, which stands for bytes outside of the pickle. */
  PickleValue persistent(PickleValue id, long offset);

  /** Whether integers of other lengths than 8 bytes may be written as LONG1, as Python does. */
  boolean anyLongs();
}
