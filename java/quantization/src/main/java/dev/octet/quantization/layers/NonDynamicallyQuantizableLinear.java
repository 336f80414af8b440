// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.tree.FreshOutput;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;

/**
 * The linear layer inside torch.nn.MultiheadAttention, a class of its own there: a map by type does
 * not convert it as a Linear.
 */
public class NonDynamicallyQuantizableLinear extends LinearImpl implements FreshOutput {

  /**
   * Create a layer.
   *
   * @param options as for any linear layer
   */
  public NonDynamicallyQuantizableLinear(LinearOptions options) {
    super(options);
  }
}
