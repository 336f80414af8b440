// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Networks for images: how programs store images, and what their operations do in one pass. */
@Tag("cuda")
class LoweringImagesTest {
  private static final ActivationQuantConfig ACTIVATIONS =
      ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
  private static final WeightQuantConfig WEIGHTS =
      WeightQuantConfig.builder().nBits(8).perChannel(true).build();
  private static final QuantizationConfig BOTH = new QuantizationConfig(ACTIVATIONS, WEIGHTS);
  private static final QuantizationConfig WEIGHTS_ONLY =
      new QuantizationConfig(ActivationQuantConfig.none(), WEIGHTS);

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(5);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static Conv2dImpl convolution(long in, long out, long kernel, long stride) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(kernel, kernel));
    options.stride().put(new long[] {stride, stride});
    options.padding().put(new LongPointer(kernel / 2, kernel / 2));
    return new Conv2dImpl(options);
  }

  private static GraphModule convert(
      GraphModule model, UnaryOperator<QuantizationMap.Builder> more, Tensor x) {
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            more.apply(QuantizationMap.builder().defaultQConfig(BOTH)).build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, Arrays.asList(x));
    return converted;
  }

  private static Program lower(GraphModule converted, Tensor x) {
    LoweringOptions options =
        LoweringOptions.builder().input("x", x, "batch", null, null, null).build();
    return Lowering.toProgram(converted, options).program();
  }

  /** What a program does, a word for each operation: its kind and what it does in the same pass. */
  private static List<String> words(Program program) {
    List<String> words = new ArrayList<>();
    for (Operation operation : program.operations()) {
      StringBuilder word = new StringBuilder(operation.kind().name());
      if (operation.inputs().containsKey("residual")) {
        word.append(" + residual");
      }
      Object activation = operation.attributes().asMap().get("activation");
      word.append(activation == null ? "" : " + " + activation);
      ElementType type = program.values().get(operation.name()).type();
      words.add(word.append(" -> ").append(type).toString());
    }
    return words;
  }

  private static Object attribute(Program program, String value, String name) {
    return program.operations().stream()
        .filter(operation -> operation.name().equals(value))
        .findFirst()
        .orElseThrow()
        .attributes()
        .asMap()
        .get(name);
  }

  private static void sameAsSimulated(
      GraphModule converted, Program program, Tensor other, double most) {
    var difference = LoweredComparison.compare(converted, program, Map.of("x", other));
    assertTrue(
        difference.greatest() <= most * difference.magnitude(),
        () -> difference + " of\n" + program);
  }

  private static GraphModule block(int in, int out, int stride) {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue y = b.relu(b.call("conv1", convolution(in, out, 3, stride), x));
    y = b.call("conv2", convolution(out, out, 3, 1), y);
    GraphValue shortcut =
        stride == 1 ? x : b.call("downsample", convolution(in, out, 1, stride), x);
    return b.output(b.relu(b.add(y, shortcut))).build();
  }

  /** Convolutions whose results are added make floats, every block quantizes its input. */
  private static QuantizationMap.Builder residualMap(QuantizationMap.Builder map) {
    for (String path : List.of("conv1", "block1.conv2", "block2.conv2", "fc")) {
      map.instance(
          path,
          path.equals("fc") ? QuantizedModules.LINEAR : QuantizedModules.CONV2D,
          WEIGHTS_ONLY);
    }
    for (String path : List.of("conv1", "block1", "block2", "fc")) {
      map.input(path, ACTIVATIONS);
    }
    return map;
  }

  @Test
  void residualBlocksAreOnePassALayer() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue y = b.relu(b.call("conv1", convolution(3, 16, 7, 2), b.input("x")));
    y =
        b.function(
            "aten::max_pool2d",
            y,
            List.of(3L, 3L),
            List.of(2L, 2L),
            List.of(1L, 1L),
            List.of(1L, 1L),
            false);
    y = b.call("block1", block(16, 16, 1), y);
    y = b.call("block2", block(16, 32, 2), y);
    y = b.function("aten::adaptive_avg_pool2d", y, List.of(1L, 1L));
    y = b.function("aten::flatten.using_ints", y, 1L, -1L);
    GraphModule model = b.output(b.call("fc", new LinearImpl(32, 10), y)).build();
    Tensor x = torch.randn(4, 3, 32, 32);
    GraphModule converted = convert(model, LoweringImagesTest::residualMap, x);
    Program program = lower(converted, x);
    assertEquals(
        List.of(
            "quantize -> u8",
            "conv2d + relu -> u8",
            "max_pool2d -> u8",
            "conv2d + relu -> u8",
            "conv2d + residual + relu -> u8",
            "conv2d + relu -> u8",
            "conv2d -> u8",
            "conv2d + residual + relu -> f32",
            "adaptive_avg_pool2d -> u8",
            "reshape -> u8",
            "linear -> f32"),
        words(program),
        program::toString);
    List<Object> layouts = new ArrayList<>();
    for (Operation operation : program.operations()) {
      Object layout = operation.attributes().asMap().get("x_layout");
      if (layout != null) {
        layouts.add(layout);
      }
    }
    assertEquals("nchw", layouts.remove(0), program::toString);
    assertTrue(layouts.stream().allMatch("nhwc"::equals), program::toString);
    // The last layer's results are floats: a code in another place moves them by less than this.
    sameAsSimulated(converted, program, torch.randn(3, 3, 32, 32), 0.02);
  }

  /** Squeeze and excitation: factors for the channels of its input. */
  private static GraphModule excitation(int channels, String gate) {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue s = b.function("aten::adaptive_avg_pool2d", x, List.of(1L, 1L));
    s = b.relu(b.call("fc1", convolution(channels, 4, 1, 1), s));
    s = b.function(gate, b.call("fc2", convolution(4, channels, 1, 1), s));
    return b.output(b.mul(s, x)).build();
  }

  @Test
  void squeezeAndExcitationStaysInCodes() {
    for (String gate : List.of("hardsigmoid", "sigmoid")) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue y = b.call("conv1", convolution(3, 24, 3, 2), b.input("x"));
      y = b.function("aten::hardswish", y);
      y = b.call("se", excitation(24, "aten::" + gate), y);
      y = b.function("aten::hardswish_", b.call("conv2", convolution(24, 8, 1, 1), y));
      y = b.function("aten::mean.dim", y, List.of(2L, 3L), false, null);
      y = b.function("aten::hardswish", b.call("fc", new LinearImpl(8, 12), y));
      GraphModule model = b.output(b.call("scores", new LinearImpl(12, 5), y)).build();
      Tensor x = torch.randn(4, 3, 17, 15);
      GraphModule converted =
          convert(
              model,
              map -> {
                for (String path : List.of("conv1", "se.fc1", "se.fc2", "conv2")) {
                  map.input(path, ACTIVATIONS);
                  map.instance(path, QuantizedModules.CONV2D, WEIGHTS_ONLY);
                }
                for (String path : List.of("fc", "scores")) {
                  map.input(path, ACTIVATIONS);
                  map.instance(path, QuantizedModules.LINEAR, WEIGHTS_ONLY);
                }
                return map.input("se", ACTIVATIONS);
              },
              x);
      Program program = lower(converted, x);
      assertEquals(
          List.of(
              "quantize -> u8",
              "conv2d + hardswish -> u8",
              "adaptive_avg_pool2d -> u8",
              "conv2d + relu -> u8",
              "conv2d + " + gate + " -> f32",
              "binary -> u8",
              "conv2d + hardswish -> f32",
              "adaptive_avg_pool2d -> u8",
              "reshape -> u8",
              "linear + hardswish -> u8",
              "linear -> f32"),
          words(program),
          program::toString);
      sameAsSimulated(converted, program, torch.randn(3, 3, 17, 15), 0.02);
    }
  }

  @Test
  void aLayerBehindAFlatteningTakesImagesChannelsLast() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue y = b.relu(b.call("conv", convolution(3, 8, 3, 1), b.input("x")));
    y = b.function("aten::max_pool2d", y, List.of(2L), List.of(2L), List.of(0L), List.of(1L), true);
    y = b.relu(b.function("aten::flatten.using_ints", y, 1L, -1L));
    GraphModule model = b.output(b.call("fc", new LinearImpl(8 * 4 * 3, 7), y)).build();
    Tensor x = torch.randn(4, 3, 7, 6);
    GraphModule converted = convert(model, map -> map.input("conv", ACTIVATIONS), x);
    Program program = lower(converted, x);
    assertTrue(words(program).stream().noneMatch(word -> word.startsWith("transpose")));
    assertEquals("nhwc", attribute(program, "max_pool2d", "out_layout"), program::toString);
    sameAsSimulated(converted, program, torch.randn(3, 3, 7, 6), 0.01);
  }

  @Test
  void imagesThatOthersTakeAreTurnedAtTheBorder() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue a = b.relu(b.call("conv1", convolution(3, 8, 3, 1), b.input("x")));
    GraphValue c = b.tanh(b.call("conv2", convolution(8, 8, 3, 1), a));
    GraphValue sum = b.add(c, a);
    GraphValue d = b.call("conv3", convolution(8, 4, 3, 1), sum);
    GraphValue rows = b.function("aten::sum.dim_IntList", sum, List.of(1L), true, null);
    GraphModule model = b.output(b.mul(d, rows)).build();
    Tensor x = torch.randn(4, 3, 7, 6);
    GraphModule converted =
        convert(model, map -> map.input("conv1", ACTIVATIONS).input("conv3", ACTIVATIONS), x);
    Program program = lower(converted, x);
    List<String> words = words(program);
    assertEquals(
        1, words.stream().filter(w -> w.startsWith("transpose")).count(), program::toString);
    assertEquals("nchw", attribute(program, "conv3_float", "out_layout"), program::toString);
    sameAsSimulated(converted, program, torch.randn(3, 3, 7, 6), 0.01);
  }

  @Test
  void constantsAndConcatenationsFollowTheOrderOfImages() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue a = b.relu(b.call("conv1", convolution(3, 8, 3, 1), b.input("x")));
    GraphValue scaled = b.call("norm", new BatchNorm2dImpl(new BatchNormOptions(8)), a);
    GraphValue gate =
        b.function(
            "aten::sigmoid",
            b.call(
                "gate",
                convolution(8, 8, 1, 1),
                b.function("aten::adaptive_avg_pool2d", scaled, List.of(1L, 1L))));
    GraphValue gated = b.mul(scaled, gate);
    GraphValue joined = b.function("aten::cat", List.of(gated, a), 1L);
    GraphValue d = b.call("conv2", convolution(16, 8, 3, 2), joined);
    GraphValue pooled =
        b.function("aten::avg_pool2d", d, List.of(2L, 2L), List.of(), List.of(0L), false, true, 3L);
    GraphValue mean = b.function("aten::mean.dim", pooled, List.of(2L, 3L), false, null);
    GraphModule model = b.output(b.call("fc", new LinearImpl(8, 5), mean)).build();
    model.eval();
    Tensor x = torch.randn(4, 3, 9, 11);
    GraphModule converted =
        convert(
            model,
            map -> {
              for (String path : List.of("conv1", "gate", "conv2", "fc")) {
                map.input(path, ACTIVATIONS);
              }
              return map;
            },
            x);
    Program program = lower(converted, x);
    assertTrue(
        words(program).stream().noneMatch(word -> word.startsWith("transpose")), program::toString);
    sameAsSimulated(converted, program, torch.randn(3, 3, 9, 11), 0.02);
  }
}
