// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Recurrent layers, which stay in floats: {@code aten::lstm} and the like, and single steps. */
final class RecurrentRules {
  private RecurrentRules() {}

  /**
   * Layers of a network.
   *
   * @param kind of the operation
   * @param nonlinearity of plain networks; null for others
   * @param weights in the order of PyTorch's {@code all_weights}, ready to be given away
   * @param layers how many
   */
  record Layers(
      String kind,
      String nonlinearity,
      List<DraftValue> weights,
      boolean biases,
      long layers,
      boolean bidirectional,
      boolean batchFirst) {
    int directions() {
      return Math.toIntExact(layers * (bidirectional ? 2 : 1));
    }
  }

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::lstm", call -> layers(call, "lstm", null));
    rules.put("aten::gru", call -> layers(call, "gru", null));
    rules.put("aten::rnn_tanh", call -> layers(call, "rnn", "tanh"));
    rules.put("aten::rnn_relu", call -> layers(call, "rnn", "relu"));
    rules.put("aten::lstm_cell", call -> cell(call, "lstm", null));
    rules.put("aten::gru_cell", call -> cell(call, "gru", null));
    rules.put("aten::rnn_tanh_cell", call -> cell(call, "rnn", "tanh"));
    rules.put("aten::rnn_relu_cell", call -> cell(call, "rnn", "relu"));
  }

  private static Object layers(Call call, String kind, String nonlinearity) {
    boolean lstm = kind.equals("lstm");
    if (!(call.argument(lstm ? 1 : 2) instanceof List<?>)) {
      throw new UnsupportedOperator(
          "it takes packed sequences, of different lengths; programs take sequences of one length",
          "pass sequences that are filled up to one length, [batch, steps, ..], without"
              + " pack_padded_sequence");
    }
    if (call.flag(6) && call.number(5) > 0) {
      throw new UnsupportedOperator("it drops out between layers, as in training; call eval()");
    }
    List<DraftValue> weights = new ArrayList<>();
    for (Object weight : call.list(2)) {
      if (!(weight instanceof ConstantTensor constant)) {
        throw new UnsupportedOperator("its weights are computed; programs take constants for them");
      }
      weights.add(constant(call, constant.name(), constant.tensor()));
    }
    Layers layers =
        new Layers(
            kind, nonlinearity, weights, call.flag(3), call.integer(4), call.flag(7), call.flag(8));
    List<?> states = lstm ? call.list(1) : Arrays.asList(call.argument(1));
    List<DraftValue> results = lower(call, layers, call.argument(0), states);
    return results;
  }

  /** Returns a parameter in 32-bit floats, made once. */
  static DraftValue constant(Call call, String name, Tensor tensor) {
    return call.constants()
        .shared(
            "recurrent@" + name,
            () -> {
              try (Tensor floats = tensor.to(ScalarType.Float)) {
                return call.constants().plain(name, floats, call.runs());
              }
            });
  }

  /**
   * Lowers layers.
   *
   * @param x the sequences
   * @param states to begin with: h_0 and, of LSTMs, c_0; null or missing: zeros
   * @return the sequence of outputs, the last state and, of LSTMs, the last state of the cells
   */
  static List<DraftValue> lower(Call call, Layers layers, Object x, List<?> states) {
    boolean lstm = layers.kind().equals("lstm");
    DraftOperation operation =
        call.operation(layers.kind())
            .input("x", call.real(x))
            .reason("recurrent layers run in floats");
    for (int i = 0; i < (lstm ? 2 : 1) && i < states.size(); i++) {
      operation.input(i == 0 ? "h_0" : "c_0", state(call, states.get(i)));
    }
    giveWeights(operation, layers);
    if (layers.nonlinearity() != null) {
      operation.set("nonlinearity", layers.nonlinearity());
    }
    if (layers.bidirectional()) {
      operation.set("bidirectional", true);
    }
    if (layers.batchFirst()) {
      operation.set("batch_first", true);
    }
    List<Sizes> sizes = new ArrayList<>();
    collect(call.recorded(), sizes);
    List<DraftValue> results = new ArrayList<>();
    results.add(call.finish(operation, call.name(), ElementType.F32, null, sizes.get(0)));
    for (int i = 1; i < sizes.size(); i++) {
      results.add(call.further(operation, i == 1 ? "h_n" : "c_n", ElementType.F32, sizes.get(i)));
    }
    return results;
  }

  private static void giveWeights(DraftOperation operation, Layers layers) {
    int directions = layers.directions();
    int each = layers.weights().size() / directions;
    int plain = layers.biases() ? 4 : 2;
    if (layers.weights().size() != each * directions || each < plain || each > plain + 1) {
      throw new UnsupportedOperator(
          "it has " + layers.weights().size() + " weights for " + directions + " directions");
    }
    for (int i = 0; i < directions; i++) {
      List<DraftValue> own = layers.weights().subList(i * each, (i + 1) * each);
      operation
          .input("input_weights" + i, own.get(0))
          .input("hidden_weights" + i, own.get(1))
          .input("input_bias" + i, layers.biases() ? own.get(2) : null)
          .input("hidden_bias" + i, layers.biases() ? own.get(3) : null)
          .input("projection" + i, each > plain ? own.get(plain) : null);
    }
  }

  /** Returns a state to begin with; null for zeros, which are where none is given. */
  private static DraftValue state(Call call, Object state) {
    boolean zeros =
        state == null
            || state instanceof Zeros
            || state instanceof ConstantTensor constant && Zeros.isZero(constant.tensor());
    return zeros ? null : call.floats(state);
  }

  /** Collects the sizes of tensors in lists of lists, in order. */
  private static void collect(List<?> recorded, List<Sizes> sizes) {
    if (!(recorded.get(0) instanceof List<?> items)) {
      Sizes known = Trace.sizes(recorded);
      if (known == null) {
        throw new UnsupportedOperator("its results are no tensors that always have one rank");
      }
      sizes.add(known);
      return;
    }
    for (int i = 0; i < items.size(); i++) {
      int item = i;
      collect(recorded.stream().map(run -> ((List<?>) run).get(item)).toList(), sizes);
    }
  }

  private static Object cell(Call call, String kind, String nonlinearity) {
    List<DraftValue> weights = new ArrayList<>();
    for (int i = 2; i < 6; i++) {
      if (call.argument(i) instanceof ConstantTensor constant) {
        weights.add(constant(call, constant.name(), constant.tensor()));
      } else if (!call.isNone(i)) {
        throw new UnsupportedOperator("its weights are computed; programs take constants for them");
      }
    }
    boolean lstm = kind.equals("lstm");
    List<?> states = lstm ? call.list(1) : Arrays.asList(call.argument(1));
    List<DraftValue> results = cell(call, kind, nonlinearity, weights, states);
    return lstm ? results : results.get(0);
  }

  /**
   * Lowers one step, as layers over sequences of one.
   *
   * @return the state and, of LSTMs, the state of the cells
   */
  static List<DraftValue> cell(
      Call call, String kind, String nonlinearity, List<DraftValue> weights, List<?> states) {
    boolean lstm = kind.equals("lstm");
    DraftValue x = call.real(0);
    DraftOperation operation =
        call.operation(kind).input("x", sequence(call, x)).reason("recurrent layers run in floats");
    for (int i = 0; i < (lstm ? 2 : 1) && i < states.size(); i++) {
      DraftValue state = state(call, states.get(i));
      operation.input(i == 0 ? "h_0" : "c_0", state == null ? null : sequence(call, state));
    }
    giveWeights(
        operation, new Layers(kind, nonlinearity, weights, weights.size() > 2, 1, false, false));
    if (nonlinearity != null) {
      operation.set("nonlinearity", nonlinearity);
    }
    List<Sizes> sizes = new ArrayList<>();
    collect(call.recorded(), sizes);
    Sizes stepped = asSequence(sizes.get(0));
    DraftValue out = call.finish(operation, call.name() + "_step", ElementType.F32, null, stepped);
    List<DraftValue> results = new ArrayList<>();
    results.add(ShapeRules.reshape(call, out, call.name(), sizes.get(0)));
    if (lstm) {
      DraftValue cells = call.further(operation, "c_n", ElementType.F32, stepped);
      results.add(ShapeRules.reshape(call, cells, call.name() + "_cells", sizes.get(1)));
    }
    return results;
  }

  /** Returns rows as sequences of one step: [1, batch, ..]; a single row is a batch of one. */
  private static DraftValue sequence(Call call, DraftValue rows) {
    return ShapeRules.reshape(call, rows, rows.name() + "_step", asSequence(rows.sizes()));
  }

  private static Sizes asSequence(Sizes rows) {
    Extent one = Sizes.fixed(rows.runs(), 1).get(0);
    return rows.rank() == 1 ? rows.replaced(0, 0, one, one) : rows.replaced(0, 0, one);
  }

  /** Returns the weights of a module, by PyTorch's names for them. */
  static List<DraftValue> parameters(Call call, Map<String, Tensor> parameters) {
    List<DraftValue> weights = new ArrayList<>();
    parameters.forEach(
        (name, tensor) -> {
          if (tensor.defined()) {
            weights.add(constant(call, call.origin().path() + "." + name, tensor));
          }
        });
    return weights;
  }
}
