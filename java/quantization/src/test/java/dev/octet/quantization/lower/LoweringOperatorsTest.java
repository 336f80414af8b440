// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ConstantPad2dImpl;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv1dOptions;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose2dOptions;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.InstanceNorm1dImpl;
import org.bytedeco.pytorch.InstanceNorm2dImpl;
import org.bytedeco.pytorch.InstanceNormOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PReLUImpl;
import org.bytedeco.pytorch.ReflectionPad2dImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Operators that models have beside their layers give in programs what they give in libtorch. */
@Tag("cuda")
class LoweringOperatorsTest {
  private static DynamicTest test(
      String name, long[] shape, BiFunction<GraphBuilder, GraphValue, GraphValue> make) {
    return DynamicTest.dynamicTest(name, () -> check(shape, make));
  }

  private static void check(long[] shape, BiFunction<GraphBuilder, GraphValue, GraphValue> make) {
    try (PointerScope scope = new PointerScope()) {
      torch.manual_seed(5);
      GraphBuilder b = GraphModule.builder("x");
      GraphModule model = b.output(make.apply(b, b.input("x"))).build();
      model.eval();
      String[] symbols = new String[shape.length];
      symbols[0] = "batch";
      LoweredModel lowered =
          Lowering.toProgram(
              model, LoweringOptions.builder().input("x", torch.randn(shape), symbols).build());
      for (long batch : new long[] {1, 5}) {
        long[] other = shape.clone();
        other[0] = batch;
        var difference =
            LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(other)));
        assertTrue(difference.greatest() <= 1e-5 * difference.magnitude(), difference::toString);
      }
    }
  }

  private static GraphValue weight(GraphBuilder b, String name, long... shape) {
    return b.constant(name, torch.randn(shape));
  }

  @TestFactory
  Stream<DynamicTest> products() {
    long[] shape = {3, 6, 8};
    return Stream.of(
        test("matmul", shape, (b, x) -> b.matmul(x, b.function("aten::transpose.int", x, 1L, 2L))),
        test(
            "bmm",
            shape,
            (b, x) -> b.function("aten::bmm", b.function("aten::transpose.int", x, 1L, 2L), x)),
        test("constant", shape, (b, x) -> b.matmul(x, weight(b, "w", 8, 5))),
        test(
            "baddbmm",
            shape,
            (b, x) -> {
              GraphValue square = b.matmul(x, b.function("aten::transpose.int", x, 1L, 2L));
              return b.function("aten::baddbmm", x, square, x, 0.5, 2.0);
            }),
        test(
            "addmm",
            new long[] {4, 4},
            (b, x) -> {
              GraphValue fixed = b.function("aten::slice.Tensor", x, 1L, 0L, 4L, 1L);
              return b.function(
                  "aten::addmm", weight(b, "bias", 5), fixed, weight(b, "w", 4, 5), 1.0, 1.0);
            }),
        test("mv", shape, (b, x) -> b.matmul(x, weight(b, "v", 8))));
  }

  @TestFactory
  Stream<DynamicTest> elements() {
    long[] shape = {2, 6, 5, 4};
    return Stream.of(
        test("log_softmax", shape, (b, x) -> b.function("aten::log_softmax.int", x, -1L, null)),
        test(
            "log_softmax of channels",
            shape,
            (b, x) -> b.function("aten::log_softmax.int", x, 1L, null)),
        test("prelu", shape, (b, x) -> b.function("aten::prelu", x, weight(b, "w", 6))),
        test("PReLU", shape, (b, x) -> b.call("prelu", new PReLUImpl(), x)),
        test("softplus", shape, (b, x) -> b.function("aten::softplus", x, 2.0, 20.0)),
        test("selu", shape, (b, x) -> b.function("aten::selu", x)),
        test("log_sigmoid", shape, (b, x) -> b.function("aten::log_sigmoid", x)));
  }

  @TestFactory
  Stream<DynamicTest> images() {
    long[] shape = {2, 8, 5, 4};
    List<Long> widths = List.of(1L, 2L, 3L, 0L);
    return Stream.of(
        test("pad", shape, (b, x) -> b.function("aten::pad", x, widths, "constant", 1.5)),
        test("pad circular", shape, (b, x) -> b.function("aten::pad", x, widths, "circular", null)),
        test("reflection_pad2d", shape, (b, x) -> b.function("aten::reflection_pad2d", x, widths)),
        test(
            "replication_pad2d", shape, (b, x) -> b.function("aten::replication_pad2d", x, widths)),
        test(
            "ReflectionPad2d",
            shape,
            (b, x) -> b.call("pad", new ReflectionPad2dImpl(new LongPointer(1, 0, 2, 1)), x)),
        test(
            "ConstantPad2d",
            shape,
            (b, x) -> b.call("pad", new ConstantPad2dImpl(new LongPointer(1, 0, 2, 1), -2.0), x)),
        test(
            "group_norm",
            shape,
            (b, x) ->
                b.function(
                    "aten::group_norm", x, 4L, weight(b, "w", 8), weight(b, "v", 8), 1e-5, false)),
        test("GroupNorm", shape, (b, x) -> b.call("norm", new GroupNormImpl(2, 8), x)),
        test(
            "instance_norm",
            shape,
            (b, x) ->
                b.function(
                    "aten::instance_norm", x, null, null, null, null, true, 0.1, 1e-5, false)),
        test("pixel_shuffle", shape, (b, x) -> b.function("aten::pixel_shuffle", x, 2L)),
        test(
            "nearest",
            shape,
            (b, x) -> b.function("aten::upsample_nearest2d.vec", x, List.of(10L, 12L), null)),
        test(
            "nearest of other sizes",
            shape,
            (b, x) -> b.function("aten::upsample_nearest2d.vec", x, List.of(7L, 3L), null)),
        test(
            "bilinear",
            shape,
            (b, x) -> b.function("aten::upsample_bilinear2d.vec", x, List.of(9L, 8L), false, null)),
        test(
            "bilinear aligned",
            shape,
            (b, x) -> b.function("aten::upsample_bilinear2d.vec", x, List.of(9L, 8L), true, null)),
        test(
            "bilinear by a scale",
            shape,
            (b, x) ->
                b.function("aten::upsample_bilinear2d.vec", x, null, false, List.of(2.0, 2.0))),
        test(
            "index_select",
            shape,
            (b, x) ->
                b.function(
                    "aten::index_select", x, 1L, b.constant("i", torch.arange(new Scalar(3L))))));
  }

  @TestFactory
  Stream<DynamicTest> signals() {
    long[] shape = {2, 6, 17};
    Conv1dOptions options = new Conv1dOptions(6, 4, new LongPointer(1).put(3));
    options.stride().put(2);
    options.groups().put(2);
    return Stream.of(
        test(
            "conv1d",
            shape,
            (b, x) ->
                b.function(
                    "aten::conv1d",
                    x,
                    weight(b, "w", 5, 6, 3),
                    weight(b, "bias", 5),
                    List.of(1L),
                    List.of(2L),
                    List.of(2L),
                    1L)),
        test("Conv1d", shape, (b, x) -> b.call("conv", new Conv1dImpl(options), x)));
  }

  @TestFactory
  Stream<DynamicTest> transposedConvolutions() {
    long[] shape = {2, 4, 5, 3};
    ConvTranspose2dOptions options = new ConvTranspose2dOptions(4, 6, new LongPointer(4, 3));
    options.stride().put(new long[] {2, 3});
    options.groups().put(2);
    return Stream.of(
        test(
            "stride and padding",
            shape,
            (b, x) ->
                b.function(
                    "aten::conv_transpose2d.input",
                    x,
                    weight(b, "w", 4, 3, 3, 3),
                    weight(b, "bias", 6),
                    List.of(2L, 2L),
                    List.of(1L, 1L),
                    List.of(1L, 1L),
                    2L,
                    List.of(1L, 1L))),
        test(
            "more stride than taps, more padding than reach",
            shape,
            (b, x) ->
                b.function(
                    "aten::conv_transpose2d.input",
                    x,
                    weight(b, "w", 4, 3, 2, 1),
                    null,
                    List.of(4L, 3L),
                    List.of(2L, 1L),
                    List.of(0L, 0L),
                    1L,
                    List.of(1L, 1L))),
        test(
            "dilation",
            shape,
            (b, x) ->
                b.function(
                    "aten::convolution",
                    x,
                    weight(b, "w", 4, 3, 2, 3),
                    null,
                    List.of(1L, 2L),
                    List.of(0L, 1L),
                    List.of(2L, 2L),
                    true,
                    List.of(0L, 1L),
                    1L)),
        test("ConvTranspose2d", shape, (b, x) -> b.call("c", new ConvTranspose2dImpl(options), x)),
        test(
            "plain",
            shape,
            (b, x) ->
                b.function(
                    "aten::convolution",
                    x,
                    weight(b, "w", 6, 2, 3, 3),
                    weight(b, "bias", 6),
                    List.of(1L, 2L),
                    List.of(1L, 1L),
                    List.of(1L, 1L),
                    false,
                    List.of(0L, 0L),
                    2L)));
  }

  /** What infinities, no number, zeros and limits become, which random inputs don't have. */
  private static DynamicTest extremes(
      String name, BiFunction<GraphBuilder, GraphValue, GraphValue> make) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          try (PointerScope scope = new PointerScope()) {
            GraphBuilder b = GraphModule.builder("x");
            GraphModule model = b.output(make.apply(b, b.input("x"))).build();
            model.eval();
            float infinity = Float.POSITIVE_INFINITY;
            float[] values = {
              infinity, 1, Float.NaN, 0, -infinity, -infinity, infinity, -infinity, 0.5f, -0.5f, 0,
              2
            };
            LoweredModel lowered =
                Lowering.toProgram(
                    model,
                    LoweringOptions.builder().input("x", torch.randn(6, 2), "batch", null).build());
            float[] expected = Tensors.toFloats(model.forward(torch.tensor(values).view(6, 2)));
            try (Session session = Session.open(lowered.program())) {
              TensorData x = TensorData.of(values, 6, 2);
              assertArrayEquals(
                  expected, session.run(Map.of("x", x)).get("output").floats(), 1e-6f);
            }
          }
        });
  }

  @TestFactory
  Stream<DynamicTest> activations() {
    long[] shape = {2, 6, 5};
    return Stream.of(
        test("celu", shape, (b, x) -> b.function("aten::celu", x, 1.0)),
        test("celu of another alpha", shape, (b, x) -> b.function("aten::celu", x, 0.7)),
        test("threshold", shape, (b, x) -> b.function("aten::threshold", x, 0.1, 20.0)),
        test("hardshrink", shape, (b, x) -> b.function("aten::hardshrink", x, 0.5)),
        test("softshrink", shape, (b, x) -> b.function("aten::softshrink", x, 0.5)),
        test("rrelu", shape, (b, x) -> b.function("aten::rrelu", x, 0.1, 0.3, false, null)),
        test("logsumexp", shape, (b, x) -> b.function("aten::logsumexp", x, List.of(1L), false)),
        test(
            "logsumexp of the last",
            shape,
            (b, x) -> b.function("aten::logsumexp", x, List.of(-1L), true)),
        extremes("celu at extremes", (b, x) -> b.function("aten::celu", x, 0.7)),
        extremes("threshold at extremes", (b, x) -> b.function("aten::threshold", x, 0.5, 7.0)),
        extremes("hardshrink at extremes", (b, x) -> b.function("aten::hardshrink", x, 0.5)),
        extremes("softshrink at extremes", (b, x) -> b.function("aten::softshrink", x, 0.5)),
        extremes(
            "logsumexp at extremes",
            (b, x) -> b.function("aten::logsumexp", x, List.of(1L), false)));
  }

  @TestFactory
  Stream<DynamicTest> movesAndChoices() {
    long[] shape = {2, 6, 5, 3};
    List<Long> places = List.of(0L, -1L);
    return Stream.of(
        test("movedim", shape, (b, x) -> b.function("aten::movedim.int", x, 1L, -1L)),
        test(
            "movedim of two",
            shape,
            (b, x) -> b.function("aten::movedim.intlist", x, places, List.of(2L, 0L))),
        test("swapaxes", shape, (b, x) -> b.function("aten::swapaxes", x, -1L, 1L)),
        test(
            "index",
            shape,
            (b, x) ->
                b.function(
                    "aten::index.Tensor",
                    x,
                    Arrays.asList(null, b.constant("i", torch.tensor(5L, -2L, 0L, 5L))))),
        test("max", shape, (b, x) -> b.item(b.function("aten::max.dim", x, 1L, false), 0)),
        test("min", shape, (b, x) -> b.item(b.function("aten::min.dim", x, -1L, true), 0)),
        test("place of max", shape, (b, x) -> b.item(b.function("aten::max.dim", x, 2L, true), 1)),
        test(
            "first place of equal ones",
            shape,
            (b, x) -> b.item(b.function("aten::min.dim", b.relu(x), 1L, false), 1)));
  }

  @TestFactory
  Stream<DynamicTest> distancesAndNorms() {
    long[] shape = {2, 6, 5};
    return Stream.of(
        test(
            "pairwise_distance",
            shape,
            (b, x) -> b.function("aten::pairwise_distance", x, b.tanh(x), 2.0, 1e-6, false)),
        test(
            "pairwise_distance of order 1",
            shape,
            (b, x) -> b.function("aten::pairwise_distance", x, b.tanh(x), 1.0, 1e-6, true)),
        test(
            "batch_norm",
            shape,
            (b, x) ->
                b.function(
                    "aten::batch_norm",
                    x,
                    weight(b, "w", 6),
                    weight(b, "v", 6),
                    weight(b, "mean", 6),
                    b.constant("variance", torch.rand(6)),
                    false,
                    0.1,
                    1e-3,
                    false)),
        test(
            "InstanceNorm1d",
            shape,
            (b, x) -> b.call("norm", new InstanceNorm1dImpl(new InstanceNormOptions(6)), x)));
  }

  @Test
  void refusesSlopesAtRandom() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue y = b.function("aten::rrelu", b.input("x"), 0.1, 0.3, true, null);
      GraphModule model = b.output(y).build();
      model.eval();
      LoweringOptions options =
          LoweringOptions.builder().input("x", torch.randn(3, 4), "batch", null).build();
      String message =
          assertThrows(LoweringException.class, () -> Lowering.toProgram(model, options))
              .getMessage();
      assertTrue(message.contains("aten::rrelu") && message.contains("at random"), message);
    }
  }

  /** [C, ...] without a batch: channels are normalized as those of one instance of a batch. */
  @TestFactory
  Stream<DynamicTest> instancesWithoutABatch() {
    return Stream.of(false, true)
        .flatMap(
            tracks ->
                Stream.of(
                    DynamicTest.dynamicTest(
                        "InstanceNorm1d, statistics " + tracks,
                        () -> instance(new InstanceNorm1dImpl(instances(tracks)), 6, 9)),
                    DynamicTest.dynamicTest(
                        "InstanceNorm2d, statistics " + tracks,
                        () -> instance(new InstanceNorm2dImpl(instances(tracks)), 6, 9, 4))));
  }

  private static InstanceNormOptions instances(boolean tracks) {
    InstanceNormOptions options = new InstanceNormOptions(6);
    options.affine().put(true);
    options.track_running_stats().put(tracks);
    return options;
  }

  private static void instance(Module norm, long... shape) {
    try (PointerScope scope = new PointerScope()) {
      torch.manual_seed(5);
      for (var parameter : norm.parameters().get()) {
        parameter.set_data(torch.randn(6));
      }
      GraphBuilder b = GraphModule.builder("x");
      GraphModule model = b.output(b.call("norm", norm, b.input("x"))).build();
      model.eval();
      String[] symbols = new String[shape.length];
      symbols[1] = "places";
      LoweredModel lowered =
          Lowering.toProgram(
              model, LoweringOptions.builder().input("x", torch.randn(shape), symbols).build());
      for (long places : new long[] {9, 17}) {
        long[] other = shape.clone();
        other[1] = places;
        var difference =
            LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(other)));
        assertTrue(difference.greatest() <= 1e-5 * difference.magnitude(), difference::toString);
      }
    }
  }
}
