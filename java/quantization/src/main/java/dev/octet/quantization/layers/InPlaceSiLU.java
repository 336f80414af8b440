// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.silu_;

import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.TypeNamed;
import org.bytedeco.pytorch.SiLUImpl;
import org.bytedeco.pytorch.Tensor;

/** SiLU that changes its input, which the presets' own has no option for. */
public class InPlaceSiLU extends SiLUImpl implements FreshOutput, TypeNamed {

  /**
   * Apply the activation.
   *
   * @param input a tensor, which gets the values of the result
   * @return another handle of it, owned by the caller
   */
  @Override
  public Tensor forward(Tensor input) {
    return silu_(input);
  }

  @Override
  public String typeName() {
    return "SiLU";
  }
}
