// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GRUCellImpl;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.LSTMCellImpl;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.RNNCellImpl;
import org.bytedeco.pytorch.RNNImpl;
import org.bytedeco.pytorch.RNNOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.kReLU;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Recurrent layers give in programs what they give in libtorch, for any length and batch. */
class LoweringRecurrentTest {
  private static final long INPUTS = 6;
  private static final long HIDDEN = 11;
  private static final double TOLERANCE = 1e-5;

  private interface Outputs {
    List<GraphValue> make(GraphBuilder b, GraphValue x);
  }

  private static DynamicTest test(String name, boolean batchFirst, Outputs make) {
    return DynamicTest.dynamicTest(name, () -> check(batchFirst, make));
  }

  private static void check(boolean batchFirst, Outputs make) {
    try (PointerScope scope = new PointerScope()) {
      torch.manual_seed(7);
      GraphBuilder b = GraphModule.builder("x");
      GraphModule model = b.output(make.make(b, b.input("x")).toArray(GraphValue[]::new)).build();
      model.eval();
      String[] symbols = {"steps", "batch", null};
      long[] shape = {5, 4, INPUTS};
      if (batchFirst) {
        symbols = new String[] {"batch", "steps", null};
      }
      LoweredModel lowered =
          Lowering.toProgram(
              model, LoweringOptions.builder().input("x", torch.randn(shape), symbols).build());
      for (long[] other : new long[][] {shape, {1, 1, INPUTS}, {3, 7, INPUTS}}) {
        assertSame(model, lowered, Map.of("x", torch.randn(other)));
      }
    }
  }

  private static void assertSame(
      GraphModule model, LoweredModel lowered, Map<String, Tensor> inputs) {
    var difference = LoweredComparison.compare(model, lowered.program(), inputs);
    assertTrue(
        difference.greatest() <= TOLERANCE * Math.max(1, difference.magnitude()),
        difference::toString);
  }

  /** The sequence, and all states. */
  private static Outputs all(BiFunction<GraphBuilder, GraphValue, GraphValue> call, boolean lstm) {
    return (b, x) -> {
      GraphValue results = call.apply(b, x);
      if (!lstm) {
        return List.of(b.item(results, 0), b.item(results, 1));
      }
      GraphValue states = b.item(results, 1);
      return List.of(b.item(results, 0), b.item(states, 0), b.item(states, 1));
    };
  }

  private static Outputs module(Module module) {
    return all((b, x) -> b.call("layers", module, x), module instanceof LSTMImpl);
  }

  private static LSTMImpl lstm(
      long layers, boolean bidirectional, boolean bias, boolean batchFirst, long projection) {
    LSTMOptions options = new LSTMOptions(INPUTS, HIDDEN);
    options.num_layers().put(layers);
    options.bidirectional().put(bidirectional);
    options.bias().put(bias);
    options.batch_first().put(batchFirst);
    options.proj_size().put(projection);
    options.dropout().put(layers > 1 ? 0.5 : 0);
    return new LSTMImpl(options);
  }

  private static GRUImpl gru(long layers, boolean bidirectional, boolean bias, boolean batchFirst) {
    GRUOptions options = new GRUOptions(INPUTS, HIDDEN);
    options.num_layers().put(layers);
    options.bidirectional().put(bidirectional);
    options.bias().put(bias);
    options.batch_first().put(batchFirst);
    return new GRUImpl(options);
  }

  private static RNNImpl rnn(boolean relu, long layers, boolean bidirectional) {
    RNNOptions options = new RNNOptions(INPUTS, HIDDEN);
    options.num_layers().put(layers);
    options.bidirectional().put(bidirectional);
    if (relu) {
      options.nonlinearity().put(new kReLU());
    }
    return new RNNImpl(options);
  }

  @TestFactory
  Stream<DynamicTest> modules() {
    return Stream.of(
        test("LSTM", false, module(lstm(1, false, true, false, 0))),
        test("LSTM of three layers", false, module(lstm(3, false, true, false, 0))),
        test("LSTM in both directions", true, module(lstm(2, true, true, true, 0))),
        test("LSTM without biases", true, module(lstm(1, true, false, true, 0))),
        test("LSTM with projections", false, module(lstm(2, true, true, false, 5))),
        test("LSTM with a projection, no biases", true, module(lstm(1, false, false, true, 3))),
        test("GRU", false, module(gru(1, false, true, false))),
        test("GRU in both directions", true, module(gru(2, true, false, true))),
        test("RNN", false, module(rnn(false, 1, false))),
        test("RNN with ReLU", false, module(rnn(true, 2, true))));
  }

  /** The last step alone: the sequence of outputs is needed, states are not. */
  @Test
  void statesThatNobodyUsesAreLeftOut() {
    check(true, (b, x) -> List.of(b.item(b.call("layers", lstm(1, true, true, true, 0), x), 0)));
  }

  private static List<Object> weights(GraphBuilder b, long rows, long inputs) {
    return new ArrayList<>(
        List.of(
            b.constant("w_ih", torch.randn(rows, inputs).mul_(half())),
            b.constant("w_hh", torch.randn(rows, HIDDEN).mul_(half())),
            b.constant("b_ih", torch.randn(rows)),
            b.constant("b_hh", torch.randn(rows))));
  }

  private static org.bytedeco.pytorch.Scalar half() {
    return new org.bytedeco.pytorch.Scalar(0.5);
  }

  /** As TorchScript writes it: a state of zeros whose size is that of the batch. */
  private static GraphValue zeros(GraphBuilder b, GraphValue x) {
    List<Object> sizes = List.of(1L, b.size(x, 1), HIDDEN);
    return b.function("aten::zeros", sizes, torch.ScalarType.Float, null, null, null);
  }

  @TestFactory
  Stream<DynamicTest> operators() {
    return Stream.of(
        test(
            "lstm",
            false,
            (b, x) -> {
              GraphValue zeros = zeros(b, x);
              GraphValue results =
                  b.function(
                      "aten::lstm.input",
                      x,
                      List.of(zeros, zeros),
                      weights(b, 4 * HIDDEN, INPUTS),
                      true,
                      1L,
                      0.0,
                      false,
                      false,
                      false);
              return List.of(b.item(results, 0), b.item(results, 1), b.item(results, 2));
            }),
        test("gru", false, (b, x) -> operator(b, x, "aten::gru.input", 3)),
        test("rnn_tanh", false, (b, x) -> operator(b, x, "aten::rnn_tanh.input", 1)),
        test("rnn_relu", false, (b, x) -> operator(b, x, "aten::rnn_relu.input", 1)));
  }

  private static List<GraphValue> operator(GraphBuilder b, GraphValue x, String name, long gates) {
    GraphValue results =
        b.function(
            name,
            x,
            zeros(b, x),
            weights(b, gates * HIDDEN, INPUTS),
            true,
            1L,
            0.0,
            false,
            false,
            false);
    return List.of(b.item(results, 0), b.item(results, 1));
  }

  @Test
  void statesMayBeInputs() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x", "h", "c");
      GraphValue x = b.input("x");
      GraphValue results =
          b.function(
              "aten::lstm.input",
              x,
              List.of(b.input("h"), b.input("c")),
              weights(b, 4 * HIDDEN, INPUTS),
              true,
              1L,
              0.0,
              false,
              false,
              false);
      GraphModule model =
          b.output(b.item(results, 0), b.item(results, 1), b.item(results, 2)).build();
      model.eval();
      LoweringOptions options =
          LoweringOptions.builder()
              .input("x", torch.randn(3, 4, INPUTS), "steps", "batch", null)
              .input("h", torch.randn(1, 4, HIDDEN), null, "batch", null)
              .input("c", torch.randn(1, 4, HIDDEN), null, "batch", null)
              .build();
      LoweredModel lowered = Lowering.toProgram(model, options);
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      inputs.put("x", torch.randn(6, 2, INPUTS));
      inputs.put("h", torch.randn(1, 2, HIDDEN));
      inputs.put("c", torch.randn(1, 2, HIDDEN));
      assertSame(model, lowered, inputs);
    }
  }

  @Test
  void weightsOfAlayerThatIsCalledTwiceAreThereOnce() {
    try (PointerScope scope = new PointerScope()) {
      GRUImpl layer = new GRUImpl(new GRUOptions(INPUTS, INPUTS));
      GraphBuilder b = GraphModule.builder("x");
      GraphValue once = b.item(b.call("layer", layer, b.input("x")), 0);
      GraphModule model = b.output(b.item(b.call("layer", once), 0)).build();
      model.eval();
      Tensor x = torch.randn(3, 2, INPUTS);
      LoweredModel lowered =
          Lowering.toProgram(model, LoweringOptions.builder().input("x", x).build());
      assertEquals(4, lowered.program().constants().size());
      assertSame(model, lowered, Map.of("x", x));
    }
  }

  @TestFactory
  Stream<DynamicTest> cells() {
    return Stream.of(
        cell("GRUCell", (b, x) -> List.of(b.call("cell", new GRUCellImpl(INPUTS, HIDDEN), x))),
        cell("RNNCell", (b, x) -> List.of(b.call("cell", new RNNCellImpl(INPUTS, HIDDEN), x))),
        cell(
            "LSTMCell",
            (b, x) -> {
              GraphValue states = b.call("cell", new LSTMCellImpl(INPUTS, HIDDEN), x);
              return List.of(b.item(states, 0), b.item(states, 1));
            }),
        cell(
            "two steps of a GRUCell",
            (b, x) -> {
              GraphValue first = b.call("cell", new GRUCellImpl(INPUTS, HIDDEN), x);
              return List.of(b.call("cell", x, first));
            }),
        cell(
            "two steps of lstm_cell",
            (b, x) -> {
              List<Object> weights = weights(b, 4 * HIDDEN, INPUTS);
              GraphValue zeros =
                  b.function(
                      "aten::zeros",
                      List.of(b.size(x, 0), HIDDEN),
                      torch.ScalarType.Float,
                      null,
                      null,
                      null);
              GraphValue first = step(b, x, List.of(zeros, zeros), weights);
              GraphValue second = step(b, x, List.of(b.item(first, 0), b.item(first, 1)), weights);
              return List.of(b.item(second, 0), b.item(second, 1));
            }));
  }

  private static GraphValue step(
      GraphBuilder b, GraphValue x, List<GraphValue> states, List<Object> weights) {
    List<Object> arguments = new ArrayList<>(Arrays.asList(x, states));
    arguments.addAll(weights);
    return b.function("aten::lstm_cell", arguments.toArray());
  }

  private static DynamicTest cell(String name, Outputs make) {
    return DynamicTest.dynamicTest(
        name,
        () -> {
          try (PointerScope scope = new PointerScope()) {
            torch.manual_seed(7);
            GraphBuilder b = GraphModule.builder("x");
            GraphModule model =
                b.output(make.make(b, b.input("x")).toArray(GraphValue[]::new)).build();
            model.eval();
            LoweredModel lowered =
                Lowering.toProgram(
                    model,
                    LoweringOptions.builder()
                        .input("x", torch.randn(5, INPUTS), "batch", null)
                        .build());
            assertSame(model, lowered, Map.of("x", torch.randn(3, INPUTS)));
          }
        });
  }

  @Test
  void dropoutBetweenLayersIsRefused() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue x = b.input("x");
      List<Object> weights = weights(b, 3 * HIDDEN, INPUTS);
      GraphValue results =
          b.function("aten::gru.input", x, zeros(b, x), weights, true, 1L, 0.5, true, false, false);
      GraphModule model = b.output(b.item(results, 0)).build();
      model.eval();
      String message =
          assertThrows(
                  LoweringException.class,
                  () ->
                      Lowering.toProgram(
                          model,
                          LoweringOptions.builder().input("x", torch.randn(3, 2, INPUTS)).build()))
              .getMessage();
      assertTrue(message.contains("drops out between layers"), message);
    }
  }
}
