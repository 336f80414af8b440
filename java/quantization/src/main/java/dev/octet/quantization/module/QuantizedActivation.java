// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.StructuralCopy;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** A quantizer of whatever flows through. */
public final class QuantizedActivation extends Module
    implements QuantizedModule, ChildHolder, FreshOutput, StructuralCopy {
  private final LayerQuantization quantization;

  /** Uses the activation part of the configuration. */
  public QuantizedActivation(QuantizationConfig config) {
    quantization = LayerQuantization.ofOutput(this, config);
  }

  private QuantizedActivation(QuantizedActivation original) {
    quantization = original.quantization.copyFor(this, original.is_training());
  }

  /**
   * Quantizes a tensor.
   *
   * @param x floats of any shape, left as they are
   * @return the argument itself if the quantizer is switched off, else a tensor owned by the caller
   */
  public Tensor forward(Tensor x) {
    return quantization.outputOf(x);
  }

  @Override
  public LayerQuantization quantization() {
    return quantization;
  }

  @Override
  public Map<String, Module> childObjects() {
    return quantization.children();
  }

  @Override
  public void childObject(String name, Module module) {
    throw FixedChildren.refuse(this, name);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return new QuantizedActivation(this);
  }
}
