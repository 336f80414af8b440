// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.state.StateFile;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleTree;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to models of the integer level between their conversion and their end. */
class IntegerLifecycleTest {
  private static final int WIDTH = 512;
  private static final int RUNS = 10_000;
  private static final int BLOCKS = 4;
  private static final long BYTES = 2L << 20;

  private PointerScope scope;
  private NoGradGuard guard;
  private Tensor x;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    guard = new NoGradGuard();
    torch.manual_seed(3);
    x = torch.randn(4, WIDTH);
  }

  @AfterEach
  void close() {
    guard.close();
    scope.close();
  }

  private static GraphModule unconverted() {
    var b = GraphModule.builder("x");
    var h = b.relu(b.call("fc1", new LinearImpl(WIDTH, WIDTH), b.input("x")));
    return b.output(b.call("fc2", new LinearImpl(WIDTH, 10), h)).build();
  }

  private static GraphModule converted() {
    return (GraphModule)
        Conversion.convertToQuantized(
            unconverted(),
            Conversion.appendDefaultConversions(
                QuantizationMap.builder()
                    .defaultQConfig(QuantizationConfig.ofBits(8, 8))
                    .input("fc1", ActivationQuantConfig.ofBits(8))
                    .build()));
  }

  private GraphModule simulated() {
    GraphModule model = converted();
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    return model;
  }

  private GraphModule integer(GraphModule simulated) {
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.ofExample(x));
    assertEquals(2, integer.report().rows(Arithmetic.INTEGER).size());
    return integer.model();
  }

  private static Tensor run(GraphModule model, Tensor input) {
    return (Tensor) model.forwardAny(input);
  }

  @Test
  void modelsThatAreNotReadyAreRefused() {
    IntegerOptions options = IntegerOptions.builder().build();
    assertSays(
        IllegalStateException.class,
        () -> IntegerModules.convert(unconverted(), options),
        "no quantized module",
        "convertToQuantized");
    GraphModule model = converted();
    assertSays(
        IllegalStateException.class,
        () -> IntegerModules.convert(model, options),
        "train mode",
        "eval()");
    model.eval();
    assertSays(
        IllegalStateException.class,
        () -> IntegerModules.convert(model, options),
        "no range",
        "calibrate");
  }

  private static void assertSays(
      Class<? extends RuntimeException> type, Runnable action, String... parts) {
    RuntimeException error = assertThrows(type, action::run);
    for (String part : parts) {
      assertTrue(error.getMessage().contains(part), error.getMessage());
    }
  }

  @Test
  void examplesThatFailLeaveTheModelAsItWas() {
    GraphModule model = simulated();
    Tensor before = run(model, x);
    assertThrows(
        RuntimeException.class,
        () -> IntegerModules.convertInPlace(model, IntegerOptions.ofExample(torch.randn(3, 7))));
    assertTrue(torch.equal(before, run(model, x)));
    QuantizationStates.quantizedModules(model)
        .forEach(layer -> assertEquals(null, layer.quantization().execution()));
  }

  @Test
  void withoutAnInformativeExampleLayersStaySimulated() {
    GraphModule model = simulated();
    for (String layer : List.of("fc1.module", "fc2")) {
      ((LinearImpl) ModuleTree.of(model).get(layer)).bias().zero_();
    }
    IntegerModel<GraphModule> zeros =
        IntegerModules.convert(model, IntegerOptions.ofExample(torch.zeros(2, WIDTH)));
    assertEquals(Arithmetic.INTEGER, zeros.report().rows("fc1").get(0).arithmetic());
    assertEquals(
        List.of("its input is all zeros in the examples, which is on any grid"),
        zeros.report().rows("fc2").get(0).reasons());
    IntegerModel<GraphModule> without =
        IntegerModules.convert(model, IntegerOptions.builder().build());
    assertEquals(1, without.report().rows(Arithmetic.INTEGER).size());
    assertEquals(
        List.of("there was no example to find the grid of its input"),
        without.report().rows("fc2").get(0).reasons());
  }

  @Test
  void whatIntegersCannotDoIsRefusedInWords() {
    GraphModule model = integer(simulated());
    run(model, x);
    model.train(true);
    assertSays(
        IllegalStateException.class, () -> run(model, x), "'fc1'", "train mode", "simulate(model)");
    model.eval();
    QuantizationStates.fullPrecision(model);
    assertSays(IllegalStateException.class, () -> run(model, x), "'fc1'", "switched off");
    QuantizationStates.quantized(model);
    QuantizationStates.estimateRanges(model);
    assertSays(IllegalStateException.class, () -> run(model, x), "'fc1'", "being estimated");
    QuantizationStates.fixRanges(model);
    run(model, x);
    Tensor learning = torch.randn(4, WIDTH);
    learning.set_requires_grad(true);
    try (AutoGradMode grad = new AutoGradMode(true)) {
      assertSays(
          IllegalArgumentException.class,
          () -> run(model, learning),
          "requires a gradient",
          "NoGradGuard",
          "simulate(model)");
    }
    run(model, learning);
  }

  @Test
  void badInputsAreNamed() {
    GraphModule model = integer(simulated());
    var layer = (QuantLinear) model.child("fc2");
    assertSays(
        IllegalArgumentException.class,
        () -> layer.forward(torch.randn(3, 5)),
        "'fc2'",
        "[3, 5]",
        "[*, 512]");
    assertSays(
        IllegalArgumentException.class,
        () -> layer.forward(torch.randn(3, WIDTH).to(ScalarType.Double)),
        "'fc2'",
        "Double",
        "expected Float");
    assertSays(
        IllegalArgumentException.class,
        () -> layer.forward(torch.scalar_tensor(new Scalar(1))),
        "[]");
    assertSays(IllegalArgumentException.class, () -> layer.forward(new Tensor()), "undefined");
    Tensor withNan = torch.randn(4, WIDTH);
    withNan.select(0, 3).select(0, 7).fill_(new Scalar(Double.NaN));
    assertSays(IllegalArgumentException.class, () -> run(model, withNan), "'fc1'", "NaN at [3, 7]");
    assertEquals(0, run(model, torch.randn(0, WIDTH)).size(0));
    // An infinity is cut off by the quantizer in front, as in simulated floats.
    Tensor infinite = torch.randn(4, WIDTH);
    infinite.select(0, 0).select(0, 1).fill_(new Scalar(Double.POSITIVE_INFINITY));
    assertTrue(torch.isfinite(run(model, infinite)).all().item_bool());
  }

  @Test
  void changedWeightsArePackedAnew() {
    GraphModule simulated = simulated();
    GraphModule integer = integer(simulated);
    GraphModule other = converted();
    Calibration.calibrateQuantizationRanges(other, List.of(x.mul(new Scalar(2))));
    Map<String, Tensor> state = new LinkedHashMap<>();
    StateDict.of(other).forEach((name, tensor) -> state.put(name, tensor.detach().clone()));
    StateDict.load(integer, state);
    LevelComparison.assertWithinAStep(other, integer, x);

    var layer = (LinearImpl) integer.child("fc2");
    var same = (LinearImpl) other.child("fc2");
    layer.weight().mul_(new Scalar(0.5));
    same.weight().mul_(new Scalar(0.5));
    other.train(true);
    other.eval();
    integer.train(true);
    integer.eval();
    LevelComparison.assertWithinAStep(other, integer, x);
  }

  @Test
  void statesAreSavedAndLoadedAtAnyLevel(@TempDir Path folder) throws Exception {
    GraphModule integer = integer(simulated());
    Path file = folder.resolve("state.safetensors");
    StateFile.save(integer, file);
    GraphModule loaded = converted();
    StateFile.load(loaded, file);
    loaded.eval();
    GraphModule again = integer(loaded);
    assertTrue(torch.equal(run(integer, x), run(again, x)));
    IntegerModules.simulate(again);
    assertTrue(torch.equal(run(loaded, x), run(again, x)));
  }

  @Test
  void copiesRunInIntegersAndShareWhatIsPacked() {
    GraphModule integer = integer(simulated());
    Tensor expected = run(integer, x);
    long before = Pointer.totalBytes();
    GraphModule copy = ModelCopier.copy(integer);
    assertTrue(torch.equal(expected, run(copy, x)));
    long more = Pointer.totalBytes() - before;
    assertTrue(more < WIDTH * WIDTH / 2, more + " more bytes for a copy");
    ModuleTree.close(integer);
    assertTrue(torch.equal(expected, run(copy, x)));
    // The copy follows its own ranges, not those of the original.
    QuantizationStates.quantizedModules(copy)
        .forEach(
            layer ->
                layer
                    .activationQuantizer()
                    .filter(manager -> manager.isInitialized())
                    .ifPresent(manager -> manager.quantizer().setQuantRange(-50, 50)));
    assertFalse(torch.equal(expected, run(copy, x)));
    LevelComparison.assertWithinAStep(simulatedCopy(copy), copy, x);
  }

  private static GraphModule simulatedCopy(GraphModule model) {
    GraphModule copy = ModelCopier.copy(model);
    IntegerModules.simulate(copy);
    return copy;
  }

  @Test
  void closingFreesEverything() {
    GraphModule simulated = simulated();
    run(simulated, x);
    long before = Pointer.totalBytes();
    GraphModule integer = integer(simulated);
    run(integer, x);
    long bytes = Pointer.totalBytes() - before;
    assertTrue(bytes > WIDTH * WIDTH, bytes + " bytes are packed");
    IntegerModules.simulate(integer);
    bytes = Pointer.totalBytes() - before;
    assertTrue(bytes < WIDTH * WIDTH / 2, bytes + " bytes are left");
    IntegerModules.convertInPlace(integer, IntegerOptions.ofExample(x));
    ModuleTree.close(integer);
    bytes = Pointer.totalBytes() - before;
    assertTrue(bytes < WIDTH * WIDTH / 2, bytes + " bytes are left");
  }

  @Test
  void scopesFreeEverything() {
    long before = Pointer.totalBytes();
    for (int i = 0; i < 5; i++) {
      try (PointerScope inner = new PointerScope()) {
        run(integer(simulated()), x);
      }
      long bytes = Pointer.totalBytes() - before;
      assertTrue(bytes < WIDTH * WIDTH / 2, bytes + " bytes are left");
    }
  }

  /** What is packed during a call must not be freed with what else the call made. */
  @Test
  void scopesOfCallersLeaveTheModelAlone() {
    GraphModule integer = integer(simulated());
    Tensor expected = run(integer, x);
    GraphModule simulated = simulated();
    for (int i = 0; i < 3; i++) {
      for (GraphModule each : List.of(integer, simulated)) {
        QuantizationStates.quantizedModules(each)
            .forEach(layer -> layer.quantization().dropCache());
      }
      try (PointerScope inner = new PointerScope()) {
        run(integer, x);
        run(simulated, x);
      }
      assertTrue(torch.equal(expected, run(integer, x)));
      run(simulated, x);
    }
  }

  @Test
  void tenThousandRunsLeaveMemoryWhereItWas() {
    GraphModule integer = integer(simulated());
    Tensor few = x.narrow(0, 0, 1);
    for (int i = 0; i < RUNS / 10; i++) {
      run(integer, few).close();
    }
    long objects = Pointer.totalCount();
    long least = Long.MAX_VALUE;
    for (int block = 0; block < BLOCKS; block++) {
      long bytes = residentBytes();
      for (int i = 0; i < RUNS / BLOCKS; i++) {
        run(integer, few).close();
      }
      least = Math.min(least, residentBytes() - bytes);
    }
    assertTrue(
        Pointer.totalCount() <= objects, Pointer.totalCount() - objects + " more native objects");
    assertTrue(least <= BYTES, "every block of runs took at least " + least + " bytes more");
  }

  private static long residentBytes() {
    System.gc();
    return Pointer.physicalBytes();
  }
}
