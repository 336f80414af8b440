// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantLinear;
import java.util.List;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingTest {
  private static final int STEPS = 60;

  @BeforeEach
  void seed() {
    torch.manual_seed(11);
  }

  private static Optimizer optimizer(boolean adam, GraphModule model) {
    return adam
        ? new Adam(model.parameters(), new AdamOptions(0.01))
        : new SGD(model.parameters(), new SGDOptions(0.05));
  }

  private static List<Float> steps(GraphModule model) {
    return StateModels.managers(model).stream()
        .map(QuantizationManager::quantizer)
        .map(quantizer -> quantizer.delta().sum().item_float())
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, true",
    "true, false, true",
    "false, true, true",
    "false, false, true",
    "true, true, false",
    "true, false, false",
    "false, true, false",
    "false, false, false"
  })
  void trainingReducesTheLoss(boolean adam, boolean learn, boolean symmetric) {
    GraphModule model = StateModels.converted(4, symmetric, true);
    Tensor x = torch.randn(64, 8);
    Tensor target = x.matmul(torch.randn(8, 4)).tanh();
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    if (learn) {
      QuantizationStates.learnRanges(model);
    } else {
      QuantizationStates.fixRanges(model);
    }
    model.train(true);
    final List<Float> before = steps(model);
    final Tensor weight = ((QuantLinear) model.child("fc1")).weight().detach().clone();
    Optimizer optimizer = optimizer(adam, model);
    float first = Float.NaN;
    float last = Float.NaN;
    for (int i = 0; i < STEPS; i++) {
      optimizer.zero_grad();
      Tensor loss = torch.mse_loss(model.forward(x), target);
      loss.backward();
      optimizer.step();
      last = loss.item_float();
      first = i == 0 ? last : first;
    }
    assertTrue(last < 0.8f * first, "loss " + first + " -> " + last);
    assertFalse(torch.equal(weight, ((QuantLinear) model.child("fc1")).weight().detach()));
    List<Float> after = steps(model);
    for (int i = 0; i < before.size(); i++) {
      assertEquals(learn, !before.get(i).equals(after.get(i)), "step " + i + ": " + after);
    }
  }

  @Test
  void gradientsPassTheGridsToWeightsAndBiases() {
    GraphModule model = StateModels.converted(8, true, false);
    Tensor x = torch.randn(256, 8);
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    model.train(true);
    GraphModule exact = StateModels.converted(8, true, false);
    StateDict.load(exact, StateDict.of(model));
    QuantizationStates.fullPrecision(exact);
    model.forward(x).sum().backward();
    exact.forward(x).sum().backward();
    for (String name : List.of("fc1", "fc2")) {
      QuantLinear quantized = (QuantLinear) model.child(name);
      QuantLinear reference = (QuantLinear) exact.child(name);
      assertClose(reference.weight().grad(), quantized.weight().grad(), name + ".weight");
      assertClose(reference.bias().grad(), quantized.bias().grad(), name + ".bias");
    }
  }

  /** Nearly: outputs that are cut off, or rounded to the zero of the ReLU, pass no gradient on. */
  private static void assertClose(Tensor expected, Tensor actual, String name) {
    float norm = expected.norm().item_float();
    assertTrue(norm > 0, name);
    float error = actual.sub(expected).norm().item_float() / norm;
    assertTrue(error < 0.2f, name + ": relative error " + error);
  }

  @Test
  void learnedRangesAreParametersAndFixedOnesAreNot() {
    GraphModule model = StateModels.converted(8, false, false);
    Calibration.calibrateQuantizationRanges(model, List.of(torch.randn(16, 8)));
    long fixed = model.parameters().size();
    QuantizationStates.learnRanges(model);
    assertEquals(4, fixed);
    assertEquals(4 + 2 * StateModels.managers(model).size(), model.parameters().size());
    for (QuantizationManager manager : StateModels.managers(model)) {
      assertTrue(manager.quantizer().delta().requires_grad());
    }
  }
}
