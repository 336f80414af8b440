// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

/**
 * Marks a module whose {@code forward} hands its result over to the caller.
 *
 * <p>The {@code Tensor} objects it returns are either arguments passed through or objects that
 * nobody else holds, so that a caller may close them as soon as they are not needed. A module that
 * remembers a tensor it returns (a cache, say) must not carry this mark, or must return a second
 * handle, {@code new Tensor(t)}.
 */
public interface FreshOutput {

  /** Tell whether the promise holds; a wrapper may have to ask the module that it wraps. */
  default boolean returnsFresh() {
    return true;
  }
}
