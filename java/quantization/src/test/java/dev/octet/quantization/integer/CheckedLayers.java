// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.tree.CopyContext;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Lets every layer of a model that runs in integers run in simulated floats, too, on the same
 * input, and compares the two.
 */
public final class CheckedLayers {
  private int calls;
  private int differing;

  private CheckedLayers() {}

  /** Checks all calls of a model's layers from now on. */
  public static CheckedLayers of(Module model) {
    CheckedLayers checked = new CheckedLayers();
    for (QuantizedModule layer : QuantizationStates.quantizedModules(model)) {
      LayerExecution execution = layer.quantization().execution();
      if (execution != null) {
        layer.quantization().exchangeExecution(checked.new Check(layer, execution));
      }
    }
    return checked;
  }

  /** Returns how many calls were compared. */
  public int calls() {
    return calls;
  }

  /** Returns how many values came out a step apart. */
  public int differing() {
    return differing;
  }

  private final class Check implements LayerExecution {
    private final QuantizedModule layer;
    private final LayerExecution execution;

    Check(QuantizedModule layer, LayerExecution execution) {
      this.layer = layer;
      this.execution = execution;
    }

    @Override
    public Tensor forward(Tensor input, UnaryOperator<Tensor> simulated) {
      Tensor output = execution.forward(input, simulated);
      calls++;
      try (Tensor expected = simulated.apply(input)) {
        differing += LevelComparison.assertWithin(step(), expected, output);
      }
      return output;
    }

    private double step() {
      QuantizationManager manager = layer.activationQuantizer().orElse(null);
      if (manager == null || !layer.quantizesActivations()) {
        return 0;
      }
      try (Tensor scale = manager.quantizer().scale()) {
        return Tensors.toFloats(scale)[0];
      }
    }

    @Override
    public void weightChanged() {
      execution.weightChanged();
    }

    @Override
    public LayerExecution copyFor(
        Module copy, LayerQuantization quantization, CopyContext context) {
      return execution.copyFor(copy, quantization, context);
    }

    @Override
    public void close() {
      execution.close();
    }
  }
}
