// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

/**
 * What can be said of a value in code before it runs.
 *
 * @param known whether it may be the same at every run, so that libtorch computes with it at once
 * @param text bytes of the strings in it, if it is known, at most
 * @param width parts of its type, at most
 */
record ScriptFacts(boolean known, long text, long width) {
  static final ScriptFacts KNOWN = new ScriptFacts(true, 0, 1);
  static final ScriptFacts UNKNOWN = new ScriptFacts(false, 0, 1);

  ScriptFacts withText(long bytes) {
    return new ScriptFacts(known, bytes, width);
  }

  ScriptFacts widened(long parts) {
    return new ScriptFacts(known, text, width + parts);
  }

  /** Of one value that is made of both. */
  ScriptFacts and(ScriptFacts other) {
    return new ScriptFacts(
        known && other.known, Math.max(text, other.text), Math.max(width, other.width));
  }

  /** Of a value that is one or the other. */
  ScriptFacts or(ScriptFacts other) {
    return new ScriptFacts(
        known || other.known, Math.max(text, other.text), Math.max(width, other.width));
  }
}
