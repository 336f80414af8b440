// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.SearchEstimator;
import dev.octet.quantization.estimator.SearchParameters;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.QuantizerOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Takes a manager through the steps of a case. */
final class ManagerRun implements AutoCloseable {
  private final GoldenCase golden;
  private final QuantizationManager manager;
  private final ManagerComparison compare;
  private final Map<String, Tensor> recorded = new HashMap<>();
  private final boolean looseRanges;
  private Tensor input;
  private Tensor output;

  ManagerRun(GoldenCase golden) {
    this.golden = golden;
    this.manager = manager(golden);
    this.compare = new ManagerComparison(golden.params(), isGoldenSection());
    this.looseRanges = isGoldenSection() && isCrossEntropy();
  }

  private static QuantizationManager manager(GoldenCase golden) {
    golden.requireParams(
        "method",
        "n_bits",
        "scale_domain",
        "per_channel",
        "axis",
        "eps",
        "n_groups",
        "estimator",
        "options",
        "x_min",
        "x_max",
        "qparams");
    JsonNode params = golden.params();
    QuantizerOptions options =
        params.path("qparams").asBoolean(true) ? GoldenQuantizers.options(params) : null;
    if (params.has("x_min")) {
      return new QuantizationManager(
          GoldenQuantizers.method(params),
          options,
          params.get("x_min").asDouble(),
          params.get("x_max").asDouble());
    }
    return new QuantizationManager(
        GoldenQuantizers.method(params),
        options,
        GoldenEstimators.parameters(params),
        GoldenQuantizers.optionalInt(params.path("n_groups")));
  }

  private boolean isGoldenSection() {
    return manager.rangeEstimator() instanceof SearchEstimator search
        && ((SearchParameters) search.parameters()).rangeOptMethod()
            == RangeOptMethod.GOLDEN_SECTION;
  }

  /**
   * Cross entropy is nearly flat, and libtorch's softmax differs between processors: only how good
   * a range is can be compared.
   */
  private boolean isCrossEntropy() {
    return manager.rangeEstimatorType() == RangeEstimatorType.CROSS_ENTROPY;
  }

  void steps() {
    int number = 0;
    for (JsonNode step : golden.get("steps")) {
      try {
        step(step, String.format("step%02d/", number));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("step " + number + " " + step + ": " + e.getMessage(), e);
      }
      number++;
    }
  }

  private void step(JsonNode step, String prefix) {
    GoldenCase.requireNames(
        "step",
        step,
        "op",
        "inputs",
        "output",
        "changed",
        "gone",
        "flags",
        "error",
        "call",
        "grad_input",
        "grad_out",
        "grads",
        "lr",
        "params",
        "no_grad");
    Expectation expectation = expectation(step);
    if (expectation == Expectation.FAILURE) {
      GoldenErrors.assertFails(step.get("error"), () -> run(step, prefix));
    } else {
      run(step, prefix);
    }
    if (expectation == Expectation.REPLACEMENT || looseRanges && step.has("output")) {
      compare.assertFreshlyQuantized(manager.quantizer(), input, output);
    } else if (step.has("output")) {
      compare.assertOutput(golden.tensor(prefix + "output"), output, manager.quantizer());
    }
    checkTensors(step, prefix);
    checkFlags(step.path("flags").path(""));
  }

  private enum Expectation {
    SUCCESS,
    FAILURE,
    REPLACEMENT
  }

  private Expectation expectation(JsonNode step) {
    List<String> quirks = golden.quirks();
    boolean forward = step.get("op").asText().equals("forward");
    boolean fails = step.has("error");
    if (forward && Deviations.applies(Deviations.STALE_VIEW, quirks)
        || forward && fails && Deviations.applies(Deviations.MANAGER_WITH_RANGE, quirks)) {
      return Expectation.REPLACEMENT;
    }
    return fails ? Expectation.FAILURE : Expectation.SUCCESS;
  }

  private void run(JsonNode step, String prefix) {
    String op = step.get("op").asText();
    switch (op) {
      case "train" -> manager.train(true);
      case "eval" -> manager.eval();
      case "manager" -> ManagerCalls.call(manager, step.get("call").asText());
      case "forward" -> forward(step);
      case "backward" -> backward(step, prefix);
      case "sgd" -> sgd(step, prefix);
      default -> throw new AssertionError("unknown op '" + op + "'");
    }
  }

  private void forward(JsonNode step) {
    close(input);
    close(output);
    output = null;
    assertEquals(1, step.get("inputs").size(), "inputs of a manager");
    input = golden.tensor(step.get("inputs").get(0).asText()).clone();
    input.set_requires_grad(step.path("grad_input").asBoolean(false));
    try (NoGradGuard guard = step.path("no_grad").asBoolean(false) ? new NoGradGuard() : null) {
      output = manager.forward(input);
    }
  }

  private void backward(JsonNode step, String prefix) {
    manager.zero_grad(true);
    output.backward(golden.tensor(step.get("grad_out").asText()), null, false, null);
    for (JsonNode name : step.get("grads")) {
      Tensor tensor =
          name.asText().equals("input") ? input : manager.rangeState().get(name.asText());
      assertNotNull(tensor, "no tensor " + name);
      compare.assertGradient(
          name.asText(),
          golden.tensor(prefix + "grad/" + name.asText()),
          tensor.grad(),
          golden.tensor(step.get("grad_out").asText()),
          manager.quantizer());
    }
  }

  private void sgd(JsonNode step, String prefix) {
    double rate = step.get("lr").asDouble();
    try (NoGradGuard guard = new NoGradGuard();
        var parameters = manager.parameters()) {
      for (long i = 0; i < parameters.size(); i++) {
        try (Tensor parameter = parameters.get(i);
            Scalar factor = new Scalar(-rate)) {
          if (parameter.grad().defined()) {
            parameter.add_(parameter.grad(), factor);
          }
        }
      }
    }
    List<String> names = new ArrayList<>();
    for (JsonNode name : step.get("params")) {
      names.add(name.asText());
      compare.assertLearned(
          name.asText(),
          golden.tensor(prefix + "param/" + name.asText()),
          manager.rangeState().get(name.asText()));
    }
    try (var parameters = manager.named_parameters()) {
      assertEquals(names.size(), parameters.size(), "parameters of the manager");
    }
  }

  private void checkTensors(JsonNode step, String prefix) {
    for (JsonNode key : step.path("gone")) {
      recorded.remove(key.asText());
    }
    for (JsonNode key : step.path("changed")) {
      recorded.put(key.asText(), golden.tensor(prefix + key.asText()));
    }
    Map<String, Tensor> state = manager.rangeState();
    assertEquals(new TreeSet<>(recorded.keySet()), new TreeSet<>(state.keySet()), "state keys");
    if (looseRanges) {
      checkHowGood(step, prefix);
    } else {
      recorded.forEach((key, tensor) -> compare.assertState(key, tensor, state.get(key)));
    }
    checkRegistry(state);
  }

  private void checkHowGood(JsonNode step, String prefix) {
    String xMin = prefix + "range_estimator.current_xmin";
    String xMax = prefix + "range_estimator.current_xmax";
    if (step.has("output") && golden.expects(xMin) && golden.expects(xMax)) {
      SearchEstimator search = (SearchEstimator) manager.rangeEstimator();
      new SearchComparison(manager.quantizer(), search, input)
          .assertAsGood(golden.tensor(xMin), golden.tensor(xMax));
    }
  }

  /** The native modules must list the same tensors, in the places where PyTorch would. */
  private void checkRegistry(Map<String, Tensor> state) {
    TreeSet<String> names = new TreeSet<>();
    try (var parameters = manager.named_parameters();
        var buffers = manager.named_buffers()) {
      for (long i = 0; i < parameters.size(); i++) {
        names.add(parameters.get(i).key().getString());
      }
      for (long i = 0; i < buffers.size(); i++) {
        names.add(buffers.get(i).key().getString());
      }
    }
    assertEquals(new TreeSet<>(state.keySet()), names, "registered tensors");
  }

  private void checkFlags(JsonNode flags) {
    if (flags.isMissingNode()) {
      return;
    }
    GoldenCase.requireNames("flags", flags, "state", "initialized", "training");
    assertEquals(flags.get("state").asText(), manager.state().jsonName());
    assertEquals(flags.get("initialized").asBoolean(), manager.isInitialized());
    assertEquals(flags.get("training").asBoolean(), manager.is_training());
    Quantizer quantizer = manager.quantizer();
    assertEquals(flags.get("training").asBoolean(), quantizer.module().is_training());
  }

  private static void close(Tensor tensor) {
    if (tensor != null) {
      tensor.close();
    }
  }

  @Override
  public void close() {
    close(input);
    close(output);
    manager.close();
  }
}
