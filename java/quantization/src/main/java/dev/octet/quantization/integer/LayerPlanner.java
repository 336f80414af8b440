// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.QuantConv2d;
import dev.octet.quantization.module.QuantEmbedding;
import dev.octet.quantization.module.QuantLayerNorm;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.module.QuantizedActivation;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.WrapperModule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Decides how a layer runs, and makes what runs it. */
final class LayerPlanner {
  private static final int LEAST_BITS = 2;
  private static final int MOST_BITS = 8;

  private final IntegerOptions options;
  private final GridSearch search;
  private final Shared<Workspaces> workspaces;
  private final List<ModulePlace> places;
  private final Map<QuantizedModule, LayerExecution> executions = new LinkedHashMap<>();

  LayerPlanner(
      IntegerOptions options,
      GridSearch search,
      Shared<Workspaces> workspaces,
      List<ModulePlace> places) {
    this.options = options;
    this.search = search;
    this.workspaces = workspaces;
    this.places = places;
  }

  /** Returns what was made so far, owned by the caller. */
  Map<QuantizedModule, LayerExecution> executions() {
    return executions;
  }

  /** Plans one module; null for one that only holds others. */
  LayerPlan plan(ModulePlace place) {
    Module module = place.module();
    if (module instanceof QuantLinear layer) {
      return product(place, layer, "linear");
    }
    if (module instanceof QuantConv2d layer) {
      return product(place, layer, "conv2d");
    }
    if (module instanceof QuantEmbedding layer) {
      return embedding(place, layer);
    }
    if (module instanceof QuantLayerNorm layer) {
      return norm(place, layer);
    }
    if (module instanceof QuantizedActivation quantizer) {
      LayerPlan plan = LayerPlan.simulated("fake_quantize").of(quantizer);
      return quantizer.quantizesActivations() ? plan : plan.reason("it is switched off");
    }
    if (module instanceof WrapperModule || !place.isLeaf()) {
      return null;
    }
    return other(place);
  }

  private LayerPlan other(ModulePlace place) {
    Module module = place.module();
    LayerPlan plan = LayerPlan.simulated("forward");
    if (module instanceof QuantizedModule) {
      return plan.reason("kernels know no quantized module of this type");
    }
    if (module instanceof LinearImpl
        || module instanceof Conv2dImpl
        || module instanceof EmbeddingImpl
        || module instanceof LayerNormImpl) {
      return plan.reason("it is not converted")
          .advise("add '" + place.path() + "' or its type to the QuantizationMap");
    }
    if (module instanceof BatchNorm2dImpl || module instanceof BatchNorm1dImpl) {
      return plan.reason("it normalizes in floats")
          .advise("fold it into the layer before it (BatchNormFolding) before conversion");
    }
    return plan.reason("its own forward runs");
  }

  private LayerPlan product(ModulePlace place, QuantizedModule layer, String kernel) {
    LayerPlan plan = LayerPlan.simulated("simulated " + kernel);
    plan.of(layer);
    boolean fits = hasIntegerWeight(place, layer, plan);
    InputGrid input = input(place, layer, plan);
    if (!fits) {
      return plan;
    }
    boolean dynamic = input == null && options.dynamicBits() > 0 && layer instanceof QuantLinear;
    if (input == null && !dynamic) {
      return plan;
    }
    IntegerProduct product =
        layer instanceof QuantLinear linear
            ? new IntegerLinear(
                place.path(),
                linear,
                input,
                options.dynamicBits(),
                options.checkInputs(),
                workspaces)
            : new IntegerConv2d(
                place.path(), (QuantConv2d) layer, input, options.checkInputs(), workspaces);
    if (!keep(layer, product, plan)) {
      return plan;
    }
    plan.runs(kernel, Arithmetic.INTEGER);
    if (product.bias() != null) {
      plan.epilogue("bias");
    }
    if (layer.quantizesActivations()) {
      plan.epilogue("quantize");
    }
    if (dynamic) {
      plan.input("rows of s8 (" + options.dynamicBits() + " bits, a scale each)");
      plan.note(
          place.words()
              + " quantizes the rows of its input as they come, which the simulated model does"
              + " not");
    } else {
      plan.input(QuantizerWords.type(input.manager()));
    }
    return plan;
  }

  /**
   * Makes the layer ready; false, with the reason in the plan, if kernels don't take its weight.
   */
  private boolean keep(QuantizedModule layer, IntegerLayer<?> execution, LayerPlan plan) {
    try {
      plan.weightBytes(execution.prepareNow());
      executions.put(layer, execution);
      return true;
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      execution.close();
      plan.reason("kernels don't take its weight: " + e.getMessage());
      return false;
    } catch (RuntimeException | Error e) {
      execution.close();
      throw e;
    }
  }

  private static boolean hasIntegerWeight(
      ModulePlace place, QuantizedModule layer, LayerPlan plan) {
    String advice = "give the weight of " + place.words() + " a quantizer of 2 to 8 bits";
    QuantizationManager manager = layer.weightQuantizer().orElseThrow();
    if (!layer.quantizesWeights()) {
      plan.reason("its weight is not quantized").advise(advice);
      return false;
    }
    if (!hasIntegerBits(manager)) {
      plan.reason("weights of " + manager.options().nBits() + " bits are simulated in floats")
          .advise(advice);
      return false;
    }
    return isFloat(place, plan);
  }

  private static boolean hasIntegerBits(QuantizationManager manager) {
    int bits = manager.options().nBits();
    return bits >= LEAST_BITS && bits <= MOST_BITS;
  }

  private static boolean isFloat(ModulePlace place, LayerPlan plan) {
    try (var parameters = place.module().named_parameters(false)) {
      for (long i = 0; i < parameters.size(); i++) {
        Tensor parameter = parameters.get(i).value();
        if (parameter.scalar_type().value != ScalarType.Float.value || !parameter.is_cpu()) {
          plan.reason(
                  "its parameters are "
                      + parameter.scalar_type().intern()
                      + (parameter.is_cpu() ? "" : " on another device")
                      + "; kernels of this level take Float on the CPU")
              .advise("call to(ScalarType.Float) and cpu() on the model");
          return false;
        }
      }
      return true;
    }
  }

  /** Returns the grid of the input; null, with the reason in the plan, if none is known. */
  private InputGrid input(ModulePlace place, QuantizedModule layer, LayerPlan plan) {
    InputGrid wrapping = wrappingQuantizer(place);
    GridSearch.Inputs seen = search.of(layer);
    List<InputGrid> grids = wrapping == null ? seen.grids() : List.of(wrapping);
    List<InputGrid> usable = grids.stream().filter(grid -> hasIntegerBits(grid.manager())).toList();
    if (!usable.isEmpty()) {
      InputGrid grid = usable.get(0);
      plan.note(place.words() + " takes inputs on the grid of " + grid.source());
      return grid;
    }
    String advice =
        place.path().isEmpty()
            ? "put the layer into a Sequential, whose child can have an input quantizer"
            : "add an input quantizer at " + place.words();
    if (!grids.isEmpty()) {
      InputGrid grid = grids.get(0);
      plan.reason(
              "its input is on the grid of "
                  + grid.source()
                  + ", of "
                  + grid.manager().options().nBits()
                  + " bits; kernels take 2 to 8")
          .advise("give the activations of " + grid.source() + " 2 to 8 bits");
    } else if (!seen.seen()) {
      plan.reason(
              options.examples().isEmpty()
                  ? "there was no example to find the grid of its input"
                  : "no example ran it, so that the grid of its input is not known")
          .advise("add an example that runs it to the IntegerOptions, or " + advice);
    } else if (!seen.informative()) {
      plan.reason("its input is all zeros in the examples, which is on any grid")
          .advise("add other examples to the IntegerOptions, or " + advice);
    } else if (seen.sources().size() > 1) {
      plan.reason(
              "its inputs come from several quantizers, "
                  + String.join(", ", seen.sources())
                  + "; kernels take one grid")
          .advise(advice);
    } else {
      plan.reason("its input is on no quantizer's grid").advise(advice);
    }
    return null;
  }

  /** Returns the quantizer that stands in front of a module wherever it is registered, or null. */
  private InputGrid wrappingQuantizer(ModulePlace place) {
    if (!(place.node().parent() instanceof QuantizedInputModule wrapper)
        || wrapper.facadeInner() != place.module()
        || !wrapper.inputQuantizer().quantizesActivations()) {
      return null;
    }
    for (ModulePlace other : places) {
      if (other.module() == place.module() && other.node().parent() != wrapper) {
        return null;
      }
    }
    QuantizationManager manager = wrapper.inputQuantizer().activationQuantizer().orElseThrow();
    return manager.quantizer().delta().numel() == 1
        ? new InputGrid(manager, "its input quantizer")
        : null;
  }

  private LayerPlan embedding(ModulePlace place, QuantEmbedding layer) {
    LayerPlan plan = LayerPlan.simulated("simulated embedding");
    plan.of(layer).input("indices");
    if (!hasIntegerWeight(place, layer, plan)) {
      return plan;
    }
    if (layer.options().max_norm().has_value()) {
      return plan.reason("it has a max_norm, which changes rows as they are looked up")
          .advise("renormalize the table once, before conversion, and leave max_norm out");
    }
    if (keep(layer, new IntegerEmbedding(place.path(), layer), plan)) {
      plan.runs("embedding", Arithmetic.MIXED);
    }
    return plan;
  }

  private LayerPlan norm(ModulePlace place, QuantLayerNorm layer) {
    LayerPlan plan = LayerPlan.simulated("simulated layer_norm");
    plan.of(layer);
    if (!layer.quantizesWeights()) {
      return plan.reason("its weight is not quantized");
    }
    if (!isFloat(place, plan)) {
      return plan;
    }
    if (keep(layer, new IntegerLayerNorm(place.path(), layer), plan)) {
      plan.runs("layer_norm", Arithmetic.FLOAT)
          .reason("means and variances are floats; the kernel is Octet's");
      if (layer.quantizesActivations()) {
        plan.epilogue("quantize");
      }
    }
    return plan;
  }
}
