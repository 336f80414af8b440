// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.convert.QuantizationMapException;
import dev.octet.quantization.convert.QuantizationMapJson;
import dev.octet.quantization.convert.UnknownModuleException;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/** Converts the model of a case and takes it through the recorded steps, comparing after each. */
final class ConversionRun {
  private final ConversionCase golden;
  private final Module original;
  private final QuantizationMap map;
  private Module model;
  private ConversionChecks checks;
  private Tensor lastOutput;
  private Tensor lastInput;

  ConversionRun(ConversionCase golden) throws QuantizationMapException {
    this.golden = golden;
    this.original = golden.model();
    this.map = knownPaths(original, map(golden.map()));
  }

  static QuantizationMap map(JsonNode json) throws QuantizationMapException {
    ObjectNode known = json.deepCopy();
    return new QuantizationMapJson().read(known.toString(), "map");
  }

  /**
   * Names that match nothing are ignored by the reference and are errors here: checks that they
   * are, and returns the map without them, which must then do what was recorded.
   */
  private static QuantizationMap knownPaths(Module model, QuantizationMap map) {
    Set<String> unknown = ConversionPlan.of(model, map).unknownPaths().keySet();
    if (unknown.isEmpty()) {
      return map;
    }
    UnknownModuleException error =
        assertThrows(UnknownModuleException.class, () -> Conversion.convertToQuantized(model, map));
    assertEquals(unknown, error.nearest().keySet());
    QuantizationMap.Builder known = QuantizationMap.builder().defaultQConfig(map.defaultQConfig());
    map.moduleQConfigMap().forEach(known::module);
    map.instanceQConfigMap()
        .forEach(
            (path, config) -> {
              if (!unknown.contains(path)) {
                known.instance(path, config);
              }
            });
    map.inputActivationQConfigMap()
        .forEach(
            (path, config) -> {
              if (!unknown.contains(path)) {
                known.input(path, config);
              }
            });
    map.excludedModules().stream().filter(path -> !unknown.contains(path)).forEach(known::exclude);
    return known.build();
  }

  QuantizationMap map() {
    return map;
  }

  Module original() {
    return original;
  }

  Module model() {
    return model;
  }

  /** Converts; the model is then that of {@link #model()}. */
  Module convert() {
    model = Conversion.convertToQuantized(original, map);
    return model;
  }

  /** Does everything that was recorded. */
  void run() throws QuantizationMapException {
    if (golden.entry().has("error")) {
      RuntimeException error = assertThrows(RuntimeException.class, this::convert);
      assertTrue(error.getMessage().length() > 20, "an error in words: " + error);
      return;
    }
    convert();
    checks = new ConversionChecks(golden, model);
    checks.modules(golden.detail().at("/after_conversion/modules"));
    checks.keys(golden.detail().at("/after_conversion/keys"));
    int number = 0;
    for (JsonNode step : golden.detail().get("steps")) {
      step(String.format("step%02d", number++), step);
    }
    checks.last(golden.detail().get("final"));
  }

  private void step(String name, JsonNode step) throws QuantizationMapException {
    String what = golden.id() + " " + name + " " + step.get("op").asText();
    if (step.has("error")) {
      try {
        perform(step);
      } catch (RuntimeException expected) {
        checks.snapshot(what, name, step);
        return;
      }
      fail(what + ": the reference raised " + step.get("error") + ", nothing was thrown");
    }
    Object result = perform(step);
    if (step.has("output")) {
      lastOutput = (Tensor) result;
      checks.output(what, step.get("output").asText(), lastOutput);
    }
    checks.snapshot(what, name, step);
    for (JsonNode grad : step.path("grads")) {
      Tensor actual =
          grad.asText().equals("input") ? lastInput.grad() : parameter(grad.asText()).grad();
      checks.gradient(what, name + "/grad/" + grad.asText(), actual);
    }
    for (JsonNode parameter : step.path("params")) {
      checks.gradient(what, name + "/param/" + parameter.asText(), parameter(parameter.asText()));
    }
  }

  private Object perform(JsonNode step) throws QuantizationMapException {
    String op = step.get("op").asText();
    switch (op) {
      case "train" -> model.train(true);
      case "eval" -> model.eval();
      case "forward" -> {
        return forward(step);
      }
      case "backward" -> backward(step);
      case "sgd" -> sgd(step.get("lr").asDouble());
      case "set_quant_state" ->
          QuantizationStates.setQuantState(
              model, step.get("weight_quant").asBoolean(), step.get("act_quant").asBoolean());
      case "module_call" -> moduleCall(step);
      case "set_caching" ->
          ((QuantizedModule) at(step.get("path").asText()))
              .setCaching(step.get("value").asBoolean());
      case "copy_weight" -> copyWeight(step);
      case "calibrate" -> calibrate(step);
      case "reload" -> reload(step);
      case "convert_again" -> {
        model = Conversion.quantizeModel(model, map(step.get("map")));
        checks.model(model);
      }
      default -> stateFunction(op);
    }
    return null;
  }

  private void stateFunction(String op) {
    switch (op) {
      case "quantized" -> QuantizationStates.quantized(model);
      case "full_precision" -> QuantizationStates.fullPrecision(model);
      case "quantized_weights" -> QuantizationStates.quantizedWeights(model);
      case "full_precision_weights" -> QuantizationStates.fullPrecisionWeights(model);
      case "quantized_acts" -> QuantizationStates.quantizedActs(model);
      case "full_precision_acts" -> QuantizationStates.fullPrecisionActs(model);
      case "enable_quant_states" -> QuantizationStates.enableQuantStates(model);
      case "estimate_ranges" -> QuantizationStates.estimateRanges(model);
      case "estimate_ranges_train" -> QuantizationStates.estimateRangesTrain(model);
      case "estimate_act_ranges" -> QuantizationStates.estimateActRanges(model);
      case "fix_ranges" -> QuantizationStates.fixRanges(model);
      case "fix_act_ranges" -> QuantizationStates.fixActRanges(model);
      case "fix_weight_ranges" -> QuantizationStates.fixWeightRanges(model);
      case "learn_ranges" -> QuantizationStates.learnRanges(model);
      case "reset_act_ranges" -> QuantizationStates.resetActRanges(model);
      default -> fail("unknown op '" + op + "' in " + golden.id());
    }
  }

  private Tensor forward(JsonNode step) {
    List<Object> inputs = new ArrayList<>();
    for (JsonNode role : step.get("inputs")) {
      inputs.add(golden.tensor(role.asText()));
    }
    if (step.path("grad_input").asBoolean(false)) {
      lastInput = (Tensor) inputs.get(0);
      lastInput.set_requires_grad(true);
    }
    if (step.path("no_grad").asBoolean(false)) {
      try (NoGradGuard guard = new NoGradGuard()) {
        return (Tensor) ModuleCall.forward(model, inputs.toArray());
      }
    }
    return (Tensor) ModuleCall.forward(model, inputs.toArray());
  }

  private void backward(JsonNode step) {
    StringTensorDict parameters = model.named_parameters();
    for (long i = 0; i < parameters.size(); i++) {
      Tensor gradient = parameters.get(i).value().mutable_grad();
      gradient.reset();
    }
    if (lastInput != null && lastInput.grad().defined()) {
      lastInput.mutable_grad().reset();
    }
    try (Tensor gradient = golden.tensor(step.get("grad_out").asText())) {
      lastOutput.backward(gradient, new BoolOptional(), false, null);
    }
  }

  private void sgd(double rate) {
    try (NoGradGuard guard = new NoGradGuard()) {
      StringTensorDict parameters = model.named_parameters();
      for (long i = 0; i < parameters.size(); i++) {
        Tensor parameter = parameters.get(i).value();
        if (parameter.grad().defined()) {
          parameter.sub_(parameter.grad(), new Scalar(rate));
        }
      }
    }
  }

  private Tensor parameter(String name) {
    StringTensorDict parameters = model.named_parameters();
    Tensor parameter = parameters.find(name);
    if (parameter == null) {
      fail(golden.id() + ": the model has no parameter '" + name + "'");
    }
    return parameter;
  }

  private Module at(String path) {
    return ModuleTree.of(model).get(path);
  }

  private void moduleCall(JsonNode step) {
    Module module = at(step.get("path").asText());
    String call = step.get("call").asText();
    if (module instanceof QuantizedModule quantized) {
      switch (call) {
        case "quantized" -> quantized.quantized();
        case "full_precision" -> quantized.fullPrecision();
        case "quantized_weights" -> quantized.quantizedWeights();
        case "full_precision_weights" -> quantized.fullPrecisionWeights();
        case "quantized_acts" -> quantized.quantizedActs();
        case "full_precision_acts" -> quantized.fullPrecisionActs();
        case "estimate_ranges" -> quantized.estimateRanges();
        case "estimate_ranges_train" -> quantized.estimateRangesTrain();
        case "fix_ranges" -> quantized.fixRanges();
        case "learn_ranges" -> quantized.learnRanges();
        case "reset_ranges" -> quantized.resetRanges();
        default -> fail("unknown call '" + call + "' in " + golden.id());
      }
    } else {
      ManagerCalls.call(module, call);
    }
  }

  private void copyWeight(JsonNode step) {
    try (NoGradGuard guard = new NoGradGuard();
        Tensor value = golden.tensor(step.get("value").asText())) {
      Tensor weight = parameter(step.get("key").asText());
      if (step.get("how").asText().equals("in_place")) {
        weight.copy_(value);
      } else {
        weight.set_data(value);
      }
    }
  }

  /**
   * The reference uses one batch more than it is told, and takes another one: checks that ours uses
   * as many as it is told, and calibrates with one more to get the recorded ranges.
   */
  private void calibrate(JsonNode step) {
    List<JsonNode> items = new ArrayList<>();
    step.get("loader").forEach(items::add);
    int told = step.path("max_num_batches").asInt(Calibration.DEFAULT_MAX_NUM_BATCHES);
    int used =
        Calibration.calibrateQuantizationRanges(
            model, items, this::forwardItem, told + 1, CalibrationProgress.NONE);
    assertEquals(Math.min(told + 1, items.size()), used, "batches used");
  }

  private void forwardItem(JsonNode item) {
    List<Object> arguments = new ArrayList<>();
    if (item.isArray()) {
      arguments.add(golden.tensor(item.get(0).asText()));
    } else if (item.isObject()) {
      for (String name : ((GraphModule) model).inputs()) {
        arguments.add(item.has(name) ? golden.tensor(item.get(name).asText()) : null);
      }
    } else {
      arguments.add(golden.tensor(item.asText()));
    }
    ModuleCall.forward(model, arguments.toArray());
  }

  private void reload(JsonNode step) {
    Map<String, Tensor> state = new LinkedHashMap<>();
    StateDict.of(model).forEach((name, tensor) -> state.put(name, tensor.detach().clone()));
    assertEquals(
        JsonNodeFactory.instance.arrayNode(), (ArrayNode) step.get("missing_keys"), "missing");
    convert();
    StateDict.load(model, state);
    checks.model(model);
  }
}
