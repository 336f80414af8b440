// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Arithmetic of ids is exact, and indices mean what they mean in libtorch. */
@Tag("cuda")
class LoweringIntegersTest {
  /** A whole number that f32 does not have, and some of the size of ids. */
  private static final long[] IDS = {
    (1L << 40) + 1, 3, -5, (1L << 24) + 1, 0, 1, (1L << 40) + 2, 7, -7, 2, (1L << 24) + 1, 0
  };

  private static Tensor ids(long... sizes) {
    int count = (int) Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    long[] values = new long[count];
    Arrays.setAll(values, i -> IDS[i % IDS.length]);
    return longs(values).reshape(sizes);
  }

  private static Tensor longs(long... values) {
    Tensor tensor = torch.zeros(values.length).to(ScalarType.Long);
    new LongPointer(tensor.data_ptr()).put(values);
    return tensor;
  }

  private static long[] values(Tensor tensor) {
    Tensor compact = tensor.to(ScalarType.Long).contiguous();
    long[] values = new long[(int) compact.numel()];
    new LongPointer(compact.data_ptr()).get(values);
    return values;
  }

  private static DynamicTest test(String name, BiFunction<GraphBuilder, GraphValue, Object> make) {
    return DynamicTest.dynamicTest(name, () -> check(make));
  }

  private static LoweredModel lowered(GraphModule model) {
    return lowered(model, ids(3, 6));
  }

  private static LoweredModel lowered(GraphModule model, Tensor example) {
    model.eval();
    return Lowering.toProgram(
        model, LoweringOptions.builder().input("x", example, "batch", "tokens").build());
  }

  private static void check(BiFunction<GraphBuilder, GraphValue, Object> make) {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphModule model = b.output(make.apply(b, b.input("x"))).build();
      LoweredModel lowered = lowered(model);
      for (long[] sizes : new long[][] {{1, 4}, {3, 6}, {2, 9}}) {
        Tensor x = ids(sizes);
        Object result = model.forwardAny(x);
        List<?> expected = result instanceof List<?> list ? list : List.of(result);
        try (Session session = Session.open(lowered.program())) {
          Map<String, TensorData> outputs =
              session.run(Map.of("x", TensorData.of(values(x), sizes)));
          int place = 0;
          for (TensorData output : outputs.values()) {
            assertArrayEquals(values((Tensor) expected.get(place++)), whole(output));
          }
        }
      }
    }
  }

  private static long[] whole(TensorData output) {
    if (output.array() instanceof long[] longs) {
      return longs;
    }
    if (output.array() instanceof int[] ints) {
      return Arrays.stream(ints).asLongStream().toArray();
    }
    if (output.array() instanceof float[] floats) {
      long[] whole = new long[floats.length];
      Arrays.setAll(whole, i -> (long) floats[i]);
      return whole;
    }
    byte[] flags = output.bytes();
    long[] whole = new long[flags.length];
    Arrays.setAll(whole, i -> flags[i]);
    return whole;
  }

  private static GraphValue f(GraphBuilder b, String name, Object... arguments) {
    return b.function("aten::" + name, arguments);
  }

  @TestFactory
  Stream<DynamicTest> arithmetic() {
    return Stream.of(
        test("add", (b, x) -> f(b, "add.Scalar", x, 3L, 2L)),
        test("sum of two", (b, x) -> f(b, "add.Tensor", x, f(b, "neg", x), 3L)),
        test("rsub", (b, x) -> f(b, "rsub.Scalar", x, 7L, 1L)),
        test("mul", (b, x) -> f(b, "mul.Tensor", x, f(b, "ne.Scalar", x, 1L))),
        test("floor_divide", (b, x) -> f(b, "floor_divide.Scalar", x, -3L)),
        test("div", (b, x) -> f(b, "div.Scalar_mode", x, 4L, "floor")),
        test("remainder", (b, x) -> f(b, "remainder.Scalar", x, 7L)),
        test("abs", (b, x) -> f(b, "abs", x)),
        test("clamp", (b, x) -> f(b, "clamp", x, -2L, (1L << 24) + 1)),
        test("clamp_min", (b, x) -> f(b, "clamp_min", x, 1L)),
        test("minimum", (b, x) -> f(b, "minimum", x, f(b, "abs", x))),
        test("where", (b, x) -> f(b, "where.self", f(b, "gt.Scalar", x, 2L), x, f(b, "neg", x))),
        test(
            "masked_fill",
            (b, x) -> f(b, "masked_fill.Scalar", x, f(b, "eq.Scalar", x, 0L), -100L)),
        test("int", (b, x) -> f(b, "mul.Scalar", f(b, "to.dtype", x, 3L, false, false, null), 5L)),
        test("of sizes", (b, x) -> f(b, "add.Scalar", x, b.size(x, 1), 1L)),
        test("cumsum", (b, x) -> f(b, "cumsum", x, 1L, null)),
        test("cumsum of a mask", (b, x) -> f(b, "cumsum", f(b, "ne.Scalar", x, 0L), -1L, null)));
  }

  @TestFactory
  Stream<DynamicTest> choices() {
    return Stream.of(
        test("sum", (b, x) -> b.sum(x, List.of(1L), false)),
        test("sum of a mask", (b, x) -> b.sum(f(b, "gt.Scalar", x, 1L), List.of(-1L), true)),
        test("amax", (b, x) -> f(b, "amax", x, List.of(1L), false)),
        test("max", (b, x) -> f(b, "max", x)),
        test("max along", (b, x) -> items(b, f(b, "max.dim", x, 1L, false))),
        test("min along", (b, x) -> items(b, f(b, "min.dim", x, 0L, true))),
        test("argmax", (b, x) -> f(b, "argmax", x, 1L, false)),
        test("argmin", (b, x) -> f(b, "argmin", x, -1L, true)),
        test("any", (b, x) -> f(b, "any.dim", f(b, "gt.Scalar", x, 100L), 1L, false)),
        test("all", (b, x) -> f(b, "all", f(b, "gt.Scalar", x, -8L))),
        test(
            "truth",
            (b, x) -> {
              GraphValue large = f(b, "gt.Scalar", x, 1L << 24);
              GraphValue small = f(b, "lt.Scalar", x, 0L);
              GraphValue either = f(b, "logical_or", large, small);
              return List.of(
                  either,
                  f(b, "__and__.Tensor", either, f(b, "logical_not", x)),
                  f(b, "logical_xor", either, x),
                  f(b, "bitwise_not", either));
            }),
        test("tril", (b, x) -> f(b, "tril", x, 1L)),
        test("triu", (b, x) -> f(b, "triu", x, 0L)));
  }

  private static List<GraphValue> items(GraphBuilder b, GraphValue list) {
    return List.of(b.item(list, 0), b.item(list, 1));
  }

  /** As RoBERTa numbers tokens: from the padding's id on, which padding itself keeps. */
  @Test
  void positionsOfTokensThatAreNoPadding() {
    check(
        (b, x) -> {
          GraphValue mask = f(b, "to.dtype", f(b, "ne.Scalar", x, 1L), 3L, false, false, null);
          GraphValue places = f(b, "type_as", f(b, "cumsum", mask, 1L, null), mask);
          places = f(b, "mul.Tensor", f(b, "add.Scalar", places, 0L, 1L), mask);
          places = f(b, "to.dtype", places, 4L, false, false, null);
          return f(b, "add.Scalar", places, 1L, 1L);
        });
  }

  /** As T5 sorts distances into buckets; those far away on a scale of logarithms. */
  @Test
  void bucketsOfDistances() {
    check(
        (b, x) -> {
          GraphValue from = b.positions(x, 1);
          GraphValue away = b.sub(b.unsqueeze(from, 0), b.unsqueeze(from, 1));
          GraphValue side = f(b, "mul.Scalar", f(b, "gt.Scalar", away, 0L), 4L);
          GraphValue distance = f(b, "abs", away);
          GraphValue large = f(b, "to.dtype", distance, 6L, false, false, null);
          large = f(b, "log", f(b, "div.Scalar", large, 2L));
          large = f(b, "mul.Scalar", f(b, "div.Scalar", large, Math.log(4)), 2L);
          large = f(b, "add.Scalar", f(b, "to.dtype", large, 4L, false, false, null), 2L, 1L);
          large =
              f(b, "minimum", large, f(b, "full_like", large, 3L, null, null, null, null, null));
          GraphValue near = f(b, "lt.Scalar", distance, 2L);
          GraphValue bucket = f(b, "where.self", near, distance, large);
          return f(b, "add.Tensor", side, bucket, 1L);
        });
  }

  /** What lies behind others in memory of the past, which has a size of its own. */
  @Test
  void causalMasksWithAPast() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("past", "x");
      GraphValue both = b.cat(1, b.input("past"), b.input("x"));
      GraphValue before = b.size(b.input("past"), 1);
      GraphValue all = b.size(both, 1);
      GraphValue buffer = b.buffer("mask", torch.ones(32, 32).tril().to(ScalarType.Bool));
      GraphValue rows = f(b, "slice.Tensor", buffer, 0L, before, all, 1L);
      GraphValue kept = f(b, "slice.Tensor", rows, 1L, 0L, all, 1L);
      GraphValue places = f(b, "arange.start", before, all, null, null, null, null);
      GraphValue upright = b.unsqueeze(places, 1);
      GraphValue behind = f(b, "le.Tensor", b.positions(both, 1), upright);
      GraphModule model = b.output(kept, behind, places).build();
      model.eval();
      LoweredModel lowered =
          Lowering.toProgram(
              model,
              LoweringOptions.builder()
                  .input("past", torch.randn(2, 3), "batch", "past")
                  .input("x", torch.randn(2, 5), "batch", "tokens")
                  .build());
      for (long[] sizes : new long[][] {{3, 5}, {0, 4}, {7, 1}, {20, 12}}) {
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        inputs.put("past", torch.randn(1, sizes[0]));
        inputs.put("x", torch.randn(1, sizes[1]));
        List<?> expected = (List<?>) model.forwardAny(inputs.values().toArray());
        try (Session session = Session.open(lowered.program())) {
          Map<String, TensorData> data = new LinkedHashMap<>();
          inputs.forEach(
              (name, tensor) ->
                  data.put(
                      name, TensorData.of(new float[(int) tensor.size(1)], 1, tensor.size(1))));
          int place = 0;
          for (TensorData output : session.run(data).values()) {
            assertArrayEquals(values((Tensor) expected.get(place++)), whole(output));
          }
        }
      }
    }
  }

  private static Map<String, TensorData> run(GraphModule model, long[] ids, long... sizes) {
    LoweredModel lowered = lowered(model, torch.randint(5, new long[] {3, 6}));
    try (Session session = Session.open(lowered.program())) {
      return session.run(Map.of("x", TensorData.of(ids, sizes)));
    }
  }

  /** x[i] counts from the end below 0; index_select and embedding do not. */
  @Test
  void indicesBelowZero() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue table = b.constant("table", torch.arange(new org.bytedeco.pytorch.Scalar(5)));
      GraphValue floats = f(b, "to.dtype", table, 6L, false, false, null);
      GraphModule model =
          b.output(f(b, "index.Tensor", floats, Arrays.asList(b.input("x")))).build();
      long[] last = {-1, 0, -5, 4};
      assertArrayEquals(new float[] {4, 0, 0, 4}, run(model, last, 1, 4).get("output").floats());
      String outside =
          assertThrows(RuntimeException.class, () -> run(model, new long[] {-6}, 1, 1))
              .getMessage();
      assertTrue(outside.contains("-6") && outside.contains("-5 to 4"), outside);

      for (String operator : List.of("index_select", "embedding")) {
        GraphBuilder c = GraphModule.builder("x");
        GraphValue rows = c.constant("table", torch.randn(5, 2));
        GraphValue flat = c.reshape(c.input("x"), -1);
        GraphModule strict =
            c.output(
                    operator.equals("embedding")
                        ? f(c, "embedding", rows, flat, -1L, false, false)
                        : f(c, "index_select", rows, 0L, flat))
                .build();
        String message =
            assertThrows(RuntimeException.class, () -> run(strict, new long[] {-1}, 1, 1))
                .getMessage();
        assertTrue(message.contains("-1") && message.contains("0 to 4"), message);
      }
    }
  }

  /** The last token of each text, as decoders that classify take it. */
  @Test
  void elementsAtPlacesOfSeveralDimensions() {
    check(
        (b, x) -> {
          GraphValue lengths = b.sum(f(b, "ne.Scalar", x, 0L), List.of(1L), false);
          GraphValue last = f(b, "sub.Scalar", lengths, 1L, 1L);
          GraphValue wide = b.unsqueeze(f(b, "remainder.Scalar", x, 100L), -1);
          GraphValue real = f(b, "to.dtype", wide, 6L, false, false, null);
          return f(b, "index.Tensor", real, List.of(b.positions(x, 0), last));
        });
  }

  @Test
  void whatAMaskChoosesHasNoSize() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue mask = f(b, "gt.Scalar", b.input("x"), 1L);
      GraphModule model = b.output(f(b, "index.Tensor", b.input("x"), List.of(mask))).build();
      String message = assertThrows(LoweringException.class, () -> lowered(model)).getMessage();
      assertTrue(
          message.contains("follows from what is in the inputs") && message.contains("torch.where"),
          message);
    }
  }
}
