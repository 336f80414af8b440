// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.tree.CopyContext;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Another way to run the forward of a quantized module than in simulated floats.
 *
 * <p>It belongs to one module, which closes it. {@link #forward} is called by any number of
 * threads, the other methods while nobody uses the module.
 */
public interface LayerExecution extends AutoCloseable {
  /**
   * Runs the module.
   *
   * @param input the argument of the module's forward; borrowed
   * @param simulated the module's own forward
   * @return what the module returns
   */
  Tensor forward(Tensor input, UnaryOperator<Tensor> simulated);

  /** Forgets what was made of the weight, or of its quantizer: either may have changed. */
  void weightChanged();

  /**
   * Makes the execution of a copy of the module.
   *
   * @param copy the copied module
   * @param quantization that of the copied module
   * @param context finds copies of other parts of the model
   */
  LayerExecution copyFor(Module copy, LayerQuantization quantization, CopyContext context);

  /** Frees what is native. */
  @Override
  void close();
}
