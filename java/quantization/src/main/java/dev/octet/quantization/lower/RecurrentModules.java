// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.GRUCellImpl;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.LSTMCellImpl;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.RNNCellImpl;
import org.bytedeco.pytorch.RNNImpl;
import org.bytedeco.pytorch.RNNNonlinearity;
import org.bytedeco.pytorch.RNNOptionsBase;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Calls of recurrent modules. */
final class RecurrentModules {
  private RecurrentModules() {}

  /** Tells whether a module is a recurrent one. */
  static boolean has(Module module) {
    return module instanceof LSTMImpl
        || module instanceof GRUImpl
        || module instanceof RNNImpl
        || module instanceof LSTMCellImpl
        || module instanceof GRUCellImpl
        || module instanceof RNNCellImpl;
  }

  /** Lowers a call of a module that {@link #has} takes. */
  static Object apply(Call call, Module module) {
    if (module instanceof LSTMImpl lstm) {
      Object states = call.argument(1);
      List<DraftValue> results =
          layers(
              call,
              "lstm",
              null,
              lstm.all_weights(),
              lstm.options_base(),
              states == null ? List.of() : call.list(1));
      return List.of(results.get(0), List.of(results.get(1), results.get(2)));
    }
    List<?> state = Arrays.asList(call.argument(1));
    if (module instanceof GRUImpl gru) {
      return layers(call, "gru", null, gru.all_weights(), gru.options_base(), state);
    }
    if (module instanceof RNNImpl rnn) {
      String function = nonlinearity(rnn.options().nonlinearity());
      return layers(call, "rnn", function, rnn.all_weights(), rnn.options_base(), state);
    }
    if (module instanceof LSTMCellImpl cell) {
      List<DraftValue> weights =
          weights(call, cell.weight_ih(), cell.weight_hh(), cell.bias_ih(), cell.bias_hh());
      List<?> states = call.isNone(1) ? List.of() : call.list(1);
      return RecurrentRules.cell(call, "lstm", null, weights, states);
    }
    if (module instanceof GRUCellImpl cell) {
      List<DraftValue> weights =
          weights(call, cell.weight_ih(), cell.weight_hh(), cell.bias_ih(), cell.bias_hh());
      return RecurrentRules.cell(call, "gru", null, weights, state).get(0);
    }
    RNNCellImpl cell = (RNNCellImpl) module;
    List<DraftValue> weights =
        weights(call, cell.weight_ih(), cell.weight_hh(), cell.bias_ih(), cell.bias_hh());
    String function = nonlinearity(cell.options().nonlinearity());
    return RecurrentRules.cell(call, "rnn", function, weights, state).get(0);
  }

  private static List<DraftValue> layers(
      Call call,
      String kind,
      String nonlinearity,
      TensorVector all,
      RNNOptionsBase options,
      List<?> states) {
    try (TensorVector parameters = all) {
      List<DraftValue> weights = new ArrayList<>();
      for (long i = 0; i < parameters.size(); i++) {
        try (Tensor parameter = parameters.get(i)) {
          weights.add(
              RecurrentRules.constant(call, call.origin().path() + ".weight_" + i, parameter));
        }
      }
      RecurrentRules.Layers layers =
          new RecurrentRules.Layers(
              kind,
              nonlinearity,
              weights,
              options.bias().get(),
              options.num_layers().get(),
              options.bidirectional().get(),
              options.batch_first().get());
      return RecurrentRules.lower(call, layers, call.argument(0), states);
    }
  }

  private static List<DraftValue> weights(
      Call call, Tensor inputWeight, Tensor hiddenWeight, Tensor inputBias, Tensor hiddenBias) {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    parameters.put("weight_ih", inputWeight);
    parameters.put("weight_hh", hiddenWeight);
    parameters.put("bias_ih", inputBias);
    parameters.put("bias_hh", hiddenBias);
    List<DraftValue> weights = RecurrentRules.parameters(call, parameters);
    parameters.values().forEach(Tensor::close);
    return weights;
  }

  /** The presets don't map which alternative is set: the others throw. */
  private static String nonlinearity(RNNNonlinearity function) {
    try {
      function.get0();
      return "tanh";
    } catch (RuntimeException otherAlternative) {
      return "relu";
    }
  }
}
