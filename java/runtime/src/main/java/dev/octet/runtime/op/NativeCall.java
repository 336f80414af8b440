// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

/**
 * A call into the native library with all of its arguments.
 *
 * <p>Kinds make anonymous classes of it and of what {@link PackedBlock} takes, not lambdas: the JVM
 * spins a class for each lambda that is met first, and more around it, and a process waits for that
 * before its first result. Measured from the start of a JVM to the first embedding of MiniLM, by
 * turns with lambdas and without, on a busy machine: medians of 15 starts 1165 and 1050 ms, of 25
 * 983 and 980, of 30 689 and 646.
 */
public interface NativeCall {
  /** Makes the call and returns its {@code octet_status}. */
  int run();
}
