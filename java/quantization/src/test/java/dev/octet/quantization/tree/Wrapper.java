// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A wrapper that adds one to the input of any module. */
class Wrapper extends Module implements FacadeTarget, FreshOutput {

  private final Module module;

  Wrapper(Module module) {
    super("Wrapper");
    this.module = register_module("module", module);
  }

  public Tensor forward(Tensor input) {
    try (Scalar one = new Scalar(1.0);
        Tensor more = input.add(one)) {
      return ModuleCall.forward(module, more);
    }
  }

  @Override
  public Module facadeInner() {
    return module;
  }
}
