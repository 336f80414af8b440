// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

/** A call into the native library with all of its arguments. */
@FunctionalInterface
public interface NativeCall {
  /** Makes the call and returns its {@code octet_status}. */
  int run();
}
