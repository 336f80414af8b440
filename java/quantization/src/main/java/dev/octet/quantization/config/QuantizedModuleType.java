// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import org.bytedeco.pytorch.Module;

/**
 * A kind of quantized module: its name, and how one is made of an original module.
 *
 * <p>Octet's own are the constants of {@code dev.octet.quantization.module.QuantizedModules};
 * implement this interface for a conversion of your own. Implementations must be stateless.
 */
public interface QuantizedModuleType {
  /** Returns the name that stands for this type in JSON and in messages. */
  String name();

  /**
   * Makes the quantized module that takes the place of the original.
   *
   * <p>The new module takes over the original's parameters (it shares their storage). It must have
   * a public {@code forward} that takes what the original's takes. Where it can't be assigned to
   * the Java fields that hold the original, it must implement {@code
   * dev.octet.quantization.tree.FacadeTarget}.
   *
   * @param original the module at {@code path}, with its parameters
   * @param config what to quantize; at least one of weights and activations
   * @param path the dotted path, for messages
   * @throws IllegalArgumentException if this type does not fit the original; the message names the
   *     path and both types
   */
  Module quantize(Module original, QuantizationConfig config, String path);
}
