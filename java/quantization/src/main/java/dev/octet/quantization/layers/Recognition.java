// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.Optional;
import org.bytedeco.pytorch.Module;

/** What {@link KnownLayers} found out about a recorded module. */
public final class Recognition {

  private final Module module;
  private final String reason;

  private Recognition(Module module, String reason) {
    this.module = module;
    this.reason = reason;
  }

  static Recognition of(Module module) {
    return new Recognition(module, null);
  }

  /**
   * Say that a class of torch.nn is not recognised.
   *
   * @param reason a sentence without its subject, for people
   * @return a recognition without a module
   */
  public static Recognition rejected(String reason) {
    return new Recognition(null, reason);
  }

  static Recognition unknown() {
    return new Recognition(null, null);
  }

  /**
   * Return the module that does what was recorded.
   *
   * @return the presets' module or one of Octet's containers, with the recorded tensors and in the
   *     recorded mode; empty if the recorded graph has to be kept
   */
  public Optional<Module> module() {
    return Optional.ofNullable(module);
  }

  /**
   * Return why a class of torch.nn was not recognised.
   *
   * @return a sentence without its subject, for people; empty if there is a module, or if the class
   *     is none of torch.nn
   */
  public Optional<String> reason() {
    return Optional.ofNullable(reason);
  }
}
