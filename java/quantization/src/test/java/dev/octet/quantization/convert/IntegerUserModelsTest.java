// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.UserModelConversionTest.Subject;
import dev.octet.quantization.integer.CheckedLayers;
import dev.octet.quantization.integer.IntegerModel;
import dev.octet.quantization.integer.IntegerModules;
import dev.octet.quantization.integer.IntegerOptions;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models that people have written, at the integer level. */
class IntegerUserModelsTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 40;

  private PointerScope scope;
  private NoGradGuard guard;

  static Stream<Subject> subjects() {
    return UserModelConversionTest.subjects();
  }

  @BeforeEach
  void open() {
    scope = new PointerScope();
    guard = new NoGradGuard();
    torch.manual_seed(7);
  }

  @AfterEach
  void close() {
    guard.close();
    scope.close();
  }

  /** Which layers have an input that no quantizer of the layer before puts on a grid. */
  private static List<String> quantizedInputs(Subject subject) {
    return switch (subject.name()) {
      case "Mnist" -> List.of("fc1");
      case "Vision" ->
          List.of("stem", "stage1.first.conv", "stage2.first.conv", "stage2.shortcut.0");
      case "Transformer" -> List.of("layers.0.attention.out", "layers.0.mlp.2");
      case "Containers" -> List.of("layers.0");
      default -> List.of("enter");
    };
  }

  private static QuantizationMap map(Subject subject) {
    ActivationQuantConfig activations =
        ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
    QuantizationConfig config =
        new QuantizationConfig(
            activations, WeightQuantConfig.builder().nBits(8).perChannel(true).build());
    QuantizationMap.Builder map = QuantizationMap.builder().defaultQConfig(config);
    quantizedInputs(subject).forEach(path -> map.input(path, activations));
    return Conversion.appendDefaultConversions(map.build());
  }

  private static Module simulated(Subject subject, Tensor x) {
    Module model =
        Conversion.convertToQuantized(subject.factory().get(), map(subject), subject.factory());
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    return model;
  }

  private static IntegerModel<Module> integer(Subject subject, Module simulated, Tensor x) {
    return IntegerModules.convert(
        simulated,
        IntegerOptions.ofExample(x),
        () ->
            Conversion.convertToQuantized(
                subject.factory().get(), map(subject), subject.factory()));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void everyLayerGivesWhatTheSimulatedOneGives(Subject subject) {
    Tensor x = subject.input().get();
    Module simulated = simulated(subject, x);
    Tensor before = ModuleCall.forward(simulated, x);
    IntegerModel<Module> integer = integer(subject, simulated, x);
    assertSame(simulated.getClass(), integer.model().getClass());
    assertNotSame(simulated, integer.model());
    assertEquals(
        List.copyOf(StateDict.of(simulated).keySet()),
        List.copyOf(StateDict.of(integer.model()).keySet()));
    CheckedLayers checked = CheckedLayers.of(integer.model());
    Tensor after = ModuleCall.forward(integer.model(), x);
    double error = after.sub(before).norm().item_double() / before.norm().item_double();
    assertTrue(error < 0.05, "relative error " + error + ", " + checked.differing());
    assertTrue(checked.calls() > 0);
    assertTrue(torch.equal(before, ModuleCall.forward(simulated, x)), "the model changed");
  }

  private static Set<String> integers(IntegerModel<Module> model) {
    return model.report().rows(Arithmetic.INTEGER).stream()
        .map(Row::path)
        .collect(Collectors.toSet());
  }

  @Test
  void gridsAreFoundThroughWhatForwardDoes() {
    List<Subject> all = subjects().toList();
    assertEquals(Set.of("fc1", "fc2", "fc3"), integersOf(all.get(0)));
    assertEquals(
        Set.of(
            "stem",
            "stage1.first.conv",
            "stage2.first.conv",
            "stage2.shortcut.0",
            // The fully connected layer of the head comes behind an average.
            "head.1"),
        integersOf(all.get(1)));
    assertEquals(
        Set.of("layers.0", "layers.1", "layers.2", "heads.mean", "heads.spread"),
        integersOf(all.get(3)));
  }

  private static Set<String> integersOf(Subject subject) {
    Tensor x = subject.input().get();
    Module simulated = simulated(subject, x);
    return integers(integer(subject, simulated, x));
  }

  @Test
  void attentionTakesTheGridsOfNormsAndOfInputQuantizers() {
    Subject transformer = subjects().toList().get(2);
    Tensor x = transformer.input().get();
    IntegerModel<Module> model = integer(transformer, simulated(transformer, x), x);
    Set<String> integers = integers(model);
    for (String path :
        List.of(
            "layers.0.attention.query",
            "layers.0.attention.key",
            "layers.0.attention.value",
            "layers.0.attention.out",
            "layers.0.mlp.0",
            "layers.0.mlp.2",
            "head_a",
            "head_b")) {
      assertTrue(integers.contains(path), () -> path + "\n" + model.report());
    }
    Row out = model.report().rows("layers.1.attention.out").get(0);
    assertEquals(Arithmetic.FLOAT, out.arithmetic());
    assertEquals(List.of("its input is on no quantizer's grid"), out.reasons());
    assertEquals(List.of("add an input quantizer at 'layers.1.attention.out'"), out.advice());
  }

  /** A layer that is called with values of several quantizers has no one grid. */
  @Test
  void sharedLayersWithSeveralGridsStaySimulated() {
    Subject shared = subjects().toList().get(4);
    Tensor x = shared.input().get();
    IntegerModel<Module> model = integer(shared, simulated(shared, x), x);
    Row row = model.report().rows("left.common").get(0);
    assertEquals(Arithmetic.FLOAT, row.arithmetic());
    assertTrue(row.reasons().get(0).contains("'left.own', 'right.own'"), row::toString);
    assertTrue(model.report().toJson().contains("'left.own', 'right.own'"));
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void worksInPlaceAndGoesBack(Subject subject) {
    Tensor x = subject.input().get();
    Module model = simulated(subject, x);
    Tensor before = ModuleCall.forward(model, x);
    assertThrows(
        IllegalArgumentException.class,
        () -> IntegerModules.convert(model, IntegerOptions.ofExample(x)),
        "such classes can't be copied without a factory");
    IntegerModules.convertInPlace(model, IntegerOptions.ofExample(x));
    Tensor integer = ModuleCall.forward(model, x);
    double error = integer.sub(before).norm().item_double() / before.norm().item_double();
    assertTrue(error < 0.05, "relative error " + error);
    IntegerModules.simulate(model);
    assertTrue(torch.equal(before, ModuleCall.forward(model, x)));
  }

  /** The threads meet at a model whose weights have to be packed, so that they race to do it. */
  @ParameterizedTest
  @MethodSource("subjects")
  void threadsGetTheBitsThatOneAloneGets(Subject subject) throws Exception {
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      inputs.add(subject.input().get());
    }
    Module model = simulated(subject, inputs.get(0));
    IntegerModules.convertInPlace(model, IntegerOptions.ofExample(inputs.get(0)));
    List<Tensor> expected = inputs.stream().map(x -> ModuleCall.forward(model, x)).toList();
    List<QuantizedModule> layers = QuantizationStates.quantizedModules(model);
    layers.forEach(layer -> layer.quantization().dropCache());
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Boolean>> same = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        same.add(pool.submit(worker(model, inputs.get(i), expected.get(i), start)));
      }
      start.countDown();
      // Calls that run hold on to what is dropped meanwhile.
      for (int i = 0; i < ROUNDS; i++) {
        layers.forEach(layer -> layer.quantization().dropCache());
      }
      for (Future<Boolean> each : same) {
        assertTrue(each.get(), "a thread got other bits");
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static Callable<Boolean> worker(
      Module model, Tensor x, Tensor expected, CountDownLatch start) {
    return () -> {
      start.await();
      boolean same = true;
      try (NoGradGuard guard = new NoGradGuard()) {
        for (int i = 0; i < ROUNDS; i++) {
          try (Tensor y = ModuleCall.forward(model, x)) {
            same &= torch.equal(expected, y);
          }
        }
      }
      return same;
    };
  }
}
