// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;

/** Builds a model as a graph, converts it, and trains it with learned ranges. */
public final class BuildGraph {
  private BuildGraph() {}

  /** Returns the loss before and after the training. */
  static double[] run() {
    try (PointerScope scope = new PointerScope()) {
      // README: graph
      var b = GraphModule.builder("x");
      GraphValue h = b.gelu(b.call("fc1", new LinearImpl(16, 32), b.input("x")));
      GraphValue y = b.call("fc2", new LinearImpl(32, 16), h);
      GraphModule model = b.output(b.add(y, b.input("x"))).build();
      // README: end

      // README: train
      QuantizationMap map =
          Conversion.appendDefaultConversions(
              QuantizationMap.builder().defaultQConfig(QuantizationConfig.ofBits(3, 4)).build());
      Module quantized = Conversion.convertToQuantized(model, map);
      Tensor x = randn(64, 16);
      Calibration.calibrateQuantizationRanges(quantized, List.of(x));
      QuantizationStates.learnRanges(quantized);

      quantized.train(true);
      var optimizer = new SGD(quantized.parameters(), new SGDOptions(0.05));
      Tensor target = x.roll(1);
      double before = loss((GraphModule) quantized, x, target).item_double();
      for (int step = 0; step < 100; step++) {
        optimizer.zero_grad();
        loss((GraphModule) quantized, x, target).backward();
        optimizer.step();
      }
      // README: end
      return new double[] {before, loss((GraphModule) quantized, x, target).item_double()};
    }
  }

  private static Tensor loss(GraphModule model, Tensor x, Tensor target) {
    Tensor difference = model.forward(x).sub(target);
    return difference.mul(difference).mean();
  }

  /** Prints the loss before and after the training. */
  public static void main(String[] args) {
    double[] losses = run();
    System.out.printf("loss: %.4f before, %.4f after%n", losses[0], losses[1]);
  }
}
