// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.integer.IntegerModel;
import dev.octet.quantization.integer.IntegerModules;
import dev.octet.quantization.integer.IntegerOptions;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.tree.ModuleTree;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Lets the layers of a model that is a Java class run in integers, its forward unchanged. */
public final class RunInIntegers {
  private RunInIntegers() {}

  /** A model written as the presets' examples are. */
  public static final class Net extends Module {
    private final LinearImpl enter = register_module("enter", new LinearImpl(64, 256));
    private final LinearImpl[] layers = {
      register_module("layer0", new LinearImpl(256, 256)),
      register_module("layer1", new LinearImpl(256, 256))
    };
    private final LinearImpl head = register_module("head", new LinearImpl(256, 10));

    /** Takes f32 {@code [n, 64]}, returns {@code [n, 10]}. */
    public Tensor forward(Tensor x) {
      Tensor h = relu(enter.forward(x));
      for (LinearImpl layer : layers) {
        h = h.add(relu(layer.forward(h)));
      }
      return head.forward(h);
    }
  }

  /**
   * What came out.
   *
   * @param report what runs how
   * @param difference the greatest difference between the outputs of the two levels
   */
  record Result(LoweringReport report, double difference) {}

  static Result run() {
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGrad = new NoGradGuard()) {
      Net model = new Net();
      Tensor batch = randn(32, 64);
      // Sums are on no grid: what takes one needs a quantizer of its input.
      QuantizationMap map =
          Conversion.appendDefaultConversions(
              QuantizationMap.builder()
                  .defaultQConfig(QuantizationConfig.ofBits(8, 8))
                  .input("enter", ActivationQuantConfig.ofBits(8))
                  .input("layer1", ActivationQuantConfig.ofBits(8))
                  .build());

      // README: integers
      Supplier<Net> converted = () -> Conversion.convertToQuantized(new Net(), map, Net::new);
      Net simulated = Conversion.convertToQuantized(model, map, Net::new);
      Calibration.calibrateQuantizationRanges(simulated, List.of(batch));
      IntegerModel<Net> integer =
          IntegerModules.convert(simulated, IntegerOptions.ofExample(batch), converted);
      Net served = integer.model();
      // README: end

      Tensor x = randn(32, 64);
      double difference = served.forward(x).sub(simulated.forward(x)).abs().max().item_double();
      ModuleTree.close(served);
      return new Result(integer.report(), difference);
    }
  }

  /** Prints what runs how, why not in integers, and what to add to the map. */
  public static void main(String[] args) {
    Result result = run();
    System.out.println(result.report());
    System.out.printf(
        "%d layers multiply integers; greatest difference to the simulated model: %.4f%n",
        result.report().rows(Arithmetic.INTEGER).size(), result.difference());
  }
}
