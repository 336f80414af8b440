// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class CalibrationTest {
  private static List<RangeState> states(GraphModule model) {
    return StateModels.managers(model).stream().map(QuantizationManager::state).toList();
  }

  private static int calibrate(GraphModule model, Iterable<Tensor> batches, int most) {
    return Calibration.calibrateQuantizationRanges(model, batches, most, CalibrationProgress.NONE);
  }

  @Test
  void usesAsManyBatchesAsItIsToldAndAsksForNoMore() {
    GraphModule model = StateModels.converted(8, true, false);
    List<Tensor> asked = new ArrayList<>();
    Iterator<Tensor> source = Stream.generate(() -> torch.randn(2, 8)).peek(asked::add).iterator();
    List<String> progress = new ArrayList<>();
    int used =
        Calibration.calibrateQuantizationRanges(
            model, () -> source, 3, (done, most) -> progress.add(done + "/" + most));
    assertEquals(3, used);
    assertEquals(3, asked.size());
    assertEquals(List.of("1/3", "2/3", "3/3"), progress);
    assertFalse(model.is_training());
    assertTrue(states(model).stream().allMatch(s -> s == RangeState.FIX_RANGES));
    asked.forEach(batch -> assertFalse(batch.isNull(), "batches stay open"));
  }

  @Test
  void fewerBatchesAreFineAndTwentyAreTheDefault() {
    GraphModule model = StateModels.converted(8, true, false);
    assertEquals(2, calibrate(model, List.of(torch.randn(2, 8), torch.randn(2, 8)), 5));
    Iterator<Tensor> endless = Stream.generate(() -> torch.randn(2, 8)).iterator();
    assertEquals(20, Calibration.calibrateQuantizationRanges(model, () -> endless));
  }

  @Test
  void modelsOfSeveralInputsAreRunByTheCaller() {
    GraphModule model = StateModels.converted(8, true, false);
    List<Integer> seen = new ArrayList<>();
    int used =
        Calibration.calibrateQuantizationRanges(
            model,
            List.of(3, 5),
            rows -> {
              seen.add(rows);
              model.forward(torch.randn(rows, 8)).close();
            },
            10,
            CalibrationProgress.NONE);
    assertEquals(2, used);
    assertEquals(List.of(3, 5), seen);
  }

  @Test
  void laterOutliersAreNotTakenInAfterwards() {
    GraphModule model = StateModels.converted(8, true, false);
    calibrate(model, List.of(torch.randn(16, 8)), 1);
    List<Float> steps = steps(model);
    model.train(true);
    model.forward(torch.ones(2, 8).mul(torch.ones(8).add(torch.ones(8)))).close();
    assertEquals(steps, steps(model));
  }

  private static List<Float> steps(GraphModule model) {
    return StateModels.managers(model).stream()
        .map(m -> m.quantizer().delta().item_float())
        .toList();
  }

  private static void failsAndRestores(
      GraphModule model, Iterable<Tensor> batches, int most, String words) {
    final List<RangeState> before = states(model);
    boolean training = model.is_training();
    RuntimeException error =
        assertThrows(RuntimeException.class, () -> calibrate(model, batches, most));
    assertTrue(error.getMessage().contains(words), error.getMessage());
    assertEquals(before, states(model));
    assertEquals(training, model.is_training());
  }

  @Test
  void failuresLeaveModeAndStatesAsTheyWere() {
    GraphModule model = StateModels.converted(8, true, false);
    failsAndRestores(model, List.of(), 5, "batches is empty");
    failsAndRestores(model, List.of(torch.randn(2, 8)), 0, "maxNumBatches is 0");
    failsAndRestores(
        model, List.of(torch.randn(0, 8)), 5, "a batch has no elements (shape [0, 8])");
    failsAndRestores(model, List.of(new Tensor()), 5, "a batch has no elements");
    failsAndRestores(model, List.of(torch.randn(2, 8), torch.randn(2, 9)), 5, "9");
    model.eval();
    calibrate(model, List.of(torch.randn(2, 8)), 1);
    QuantizationStates.learnRanges(model);
    failsAndRestores(model, List.of(torch.randn(2, 8), torch.randn(2, 9)), 5, "9");
    List<Tensor> more = List.of(torch.randn(2, 8));
    assertThrows(
        IllegalStateException.class,
        () ->
            Calibration.calibrateQuantizationRanges(
                model,
                more,
                2,
                (done, most) -> {
                  throw new IllegalStateException("stop");
                }));
    assertTrue(states(model).stream().allMatch(s -> s == RangeState.LEARN_RANGES));
  }
}
