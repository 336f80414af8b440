// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.Tensor;

/** Hands parameters of an original over to the module that replaces it. */
final class Parameters {
  private Parameters() {}

  /** Makes {@code target} share the storage of {@code source}, and its wish for a gradient. */
  static void share(Tensor source, Tensor target) {
    if (source.defined() != target.defined()) {
      throw new IllegalStateException(
          "a parameter is defined on one side only: the module's options do not describe it");
    }
    if (source.defined()) {
      boolean requiresGrad = source.requires_grad();
      target.set_data(source);
      target.set_requires_grad(requiresGrad);
    }
  }

  /** Returns a handle of a parameter's copy; an undefined one gives an undefined one. */
  static Tensor copy(Tensor parameter, CopyContext context) {
    return parameter.defined() ? new Tensor(context.copy(parameter)) : new Tensor();
  }
}
