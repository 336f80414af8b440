// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.integer.IntegerModules;
import dev.octet.quantization.integer.IntegerOptions;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import java.util.List;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Single modules of a converted model: in integers beside the same module simulated, and beside the
 * module of libtorch that it was made from. Inputs are floats on the grid of a quantizer.
 */
final class ModulesSuite extends TensorSuite {
  static final String NAME = "modules";

  private static final String NAME_OF_LAYER = "layer";

  ModulesSuite() {
    super(NAME);
    for (long rows : new long[] {1, 128}) {
      products("linear " + rows + " x 768 x 768", new LinearImpl(768, 768), randn(rows, 768));
    }
    products("conv 3 x 3, 64 channels, 56 x 56", conv(64, 64, 1), randn(1, 64, 56, 56));
    products("depthwise 3 x 3, 128 channels, 28 x 28", conv(128, 128, 128), randn(1, 128, 28, 28));
    rows(
        "layer norm 128 x 768",
        new LayerNormImpl(new LayerNormOptions(new LongVector(new long[] {768}))),
        randn(128, 768));
    rows(
        "embedding 128 of 30522 x 384",
        new EmbeddingImpl(30522, 384),
        randint(30522, new long[] {128}, new TensorOptions(ScalarType.Long)));
  }

  private static Conv2dImpl conv(long in, long out, long groups) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(3, 3));
    options.padding().put(new LongPointer(1, 1));
    options.groups().put(groups);
    return new Conv2dImpl(options);
  }

  /** Layers with a grid of their input. */
  private void products(String name, Module layer, Tensor batch) {
    GraphModule simulated = converted(layer, batch, true);
    Tensor x = own(onGrid(simulated, batch));
    Runnable checked = runner(integer(simulated, true), x);
    Runnable unchecked = runner(integer(simulated, false), x);
    add(Comparison.latency(name, checked, "simulated", runner(simulated, x)));
    add(Comparison.latency(name, checked, "libtorch f32", call(() -> forward(layer, x))));
    add(Comparison.latency(name + ", input not checked", unchecked, "input checked", checked));
  }

  private void rows(String name, Module layer, Tensor batch) {
    GraphModule simulated = converted(layer, batch, false);
    Tensor x = own(batch);
    Runnable integer = runner(integer(simulated, true), x);
    add(Comparison.latency(name, integer, "simulated", runner(simulated, x)));
    add(Comparison.latency(name, integer, "libtorch f32", call(() -> forward(layer, x))));
  }

  private static Tensor forward(Module layer, Tensor x) {
    return ModuleCall.forward(layer, x);
  }

  private GraphModule converted(Module layer, Tensor batch, boolean inputQuantizer) {
    var b = GraphModule.builder("x");
    GraphModule model = ownModel(b.output(b.call(NAME_OF_LAYER, layer, b.input("x"))).build());
    ActivationQuantConfig activations =
        ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
    QuantizationMap.Builder map =
        QuantizationMap.builder()
            .defaultQConfig(
                new QuantizationConfig(
                    activations, WeightQuantConfig.builder().nBits(8).perChannel(true).build()));
    if (inputQuantizer) {
      map.input(NAME_OF_LAYER, activations);
    }
    GraphModule converted =
        ownModel(
            (GraphModule)
                Conversion.convertToQuantized(
                    model, Conversion.appendDefaultConversions(map.build())));
    Calibration.calibrateQuantizationRanges(converted, List.of(batch));
    return converted;
  }

  private GraphModule integer(GraphModule simulated, boolean checked) {
    GraphModule copy = ownModel(ModelCopier.copy(simulated));
    IntegerModules.convertInPlace(copy, IntegerOptions.builder().checkInputs(checked).build());
    return copy;
  }

  private GraphModule ownModel(GraphModule model) {
    own(() -> ModuleTree.close(model));
    return model;
  }

  private static Tensor onGrid(GraphModule converted, Tensor batch) {
    return wrapper(converted).inputQuantizer().forward(batch);
  }

  private static QuantizedInputModule wrapper(GraphModule converted) {
    return (QuantizedInputModule) converted.child(NAME_OF_LAYER);
  }

  /** Runs the layer alone, without the quantizer in front of it. */
  private static Runnable runner(GraphModule model, Tensor x) {
    Module layer =
        model.child(NAME_OF_LAYER) instanceof QuantizedInputModule wrapper
            ? wrapper.facadeInner()
            : model.child(NAME_OF_LAYER);
    return call(() -> forward(layer, x));
  }
}
