// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** How one module runs, as it goes into the report. */
final class LayerPlan {
  private static final String FLOATS = "f32";

  private final List<String> epilogue = new ArrayList<>();
  private final List<String> reasons = new ArrayList<>();
  private final List<String> advice = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private String kernel;
  private Arithmetic arithmetic = Arithmetic.FLOAT;
  private String input = FLOATS;
  private String weight = "";
  private String output = FLOATS;
  private long floatBytes;
  private long weightBytes = -1;

  private LayerPlan(String kernel) {
    this.kernel = kernel;
  }

  /** Makes a plan of a module that runs as it did. */
  static LayerPlan simulated(String kernel) {
    return new LayerPlan(kernel);
  }

  /** Takes the types of weight and output from a module. */
  LayerPlan of(QuantizedModule layer) {
    if (layer.weightQuantizer().isPresent()) {
      weight = layer.quantizesWeights() ? type(layer.weightQuantizer().get()) : FLOATS;
    }
    if (layer.quantizesActivations()) {
      layer.activationQuantizer().ifPresent(manager -> output = FLOATS + " on " + type(manager));
    }
    try (var parameters = ((Module) layer).named_parameters(false)) {
      for (long i = 0; i < parameters.size(); i++) {
        Tensor parameter = parameters.get(i).value();
        floatBytes += parameter.defined() && parameter.dim() > 0 ? parameter.nbytes() : 0;
      }
    }
    return this;
  }

  private static String type(QuantizationManager manager) {
    return manager.isInitialized() ? QuantizerWords.type(manager) : FLOATS;
  }

  LayerPlan runs(String byKernel, Arithmetic with) {
    kernel = byKernel;
    arithmetic = with;
    return this;
  }

  LayerPlan input(String type) {
    input = type;
    return this;
  }

  LayerPlan epilogue(String step) {
    epilogue.add(step);
    return this;
  }

  LayerPlan reason(String reason) {
    reasons.add(reason);
    return this;
  }

  LayerPlan advise(String what) {
    advice.add(what);
    return this;
  }

  LayerPlan note(String note) {
    notes.add(note);
    return this;
  }

  LayerPlan weightBytes(long bytes) {
    weightBytes = bytes;
    return this;
  }

  List<String> notes() {
    return notes;
  }

  /** Returns the bytes that calls use of the weights. */
  long weightBytes() {
    return weightBytes < 0 ? floatBytes : weightBytes;
  }

  /** Returns the bytes of the parameters. */
  long floatBytes() {
    return floatBytes;
  }

  Row row(ModulePlace place) {
    return new Row(
        place.path(),
        ModuleTypes.typeName(place.module()),
        kernel,
        arithmetic,
        input,
        weight,
        output,
        epilogue,
        reasons,
        advice,
        null);
  }
}
