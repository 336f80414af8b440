// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.mish_;

import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.TypeNamed;
import org.bytedeco.pytorch.MishImpl;
import org.bytedeco.pytorch.Tensor;

/** Mish that changes its input, which the presets' own has no option for. */
public class InPlaceMish extends MishImpl implements FreshOutput, TypeNamed {

  /**
   * Apply the activation.
   *
   * @param input a tensor, which gets the values of the result
   * @return another handle of it, owned by the caller
   */
  @Override
  public Tensor forward(Tensor input) {
    return mish_(input);
  }

  @Override
  public String typeName() {
    return "Mish";
  }
}
