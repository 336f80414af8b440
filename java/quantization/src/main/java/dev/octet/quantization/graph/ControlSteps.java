// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Prepares the nodes that control the flow. */
final class ControlSteps {

  private ControlSteps() {}

  static CompiledBlock.Step branch(
      GraphNode node, int slot, List<String> inputs, Map<GraphValue, Integer> slots) {
    CompiledBlock yes = new CompiledBlock(node.blocks().get(0), inputs, slots);
    CompiledBlock no = new CompiledBlock(node.blocks().get(1), inputs, slots);
    Object condition = node.arguments().get(0);
    return environment -> {
      boolean taken = (Boolean) environment.value(condition, slots);
      environment.put(slot, result((taken ? yes : no).run(environment), 0), true);
    };
  }

  static CompiledBlock.Step loop(
      GraphNode node, int slot, List<String> inputs, Map<GraphValue, Integer> slots) {
    CompiledBlock body = new CompiledBlock(node.blocks().get(0), inputs, slots);
    List<Object> arguments = node.arguments();
    int carried = arguments.size() - 2;
    return environment -> {
      long rounds = (Long) environment.value(arguments.get(0), slots);
      Object[] state = new Object[carried + 1];
      state[0] = environment.value(arguments.get(1), slots);
      for (int i = 1; i <= carried; i++) {
        state[i] = Values.secondHandle(environment.value(arguments.get(i + 1), slots));
      }
      for (long round = 0; round < rounds && (Boolean) state[0]; round++) {
        body.enter(environment, 0, round);
        for (int i = 1; i <= carried; i++) {
          body.enter(environment, i, state[i]);
        }
        state = body.run(environment);
      }
      environment.put(slot, result(state, 1), true);
    };
  }

  /** Nothing, one value, or a tuple. */
  private static Object result(Object[] outputs, int from) {
    return switch (outputs.length - from) {
      case 0 -> null;
      case 1 -> outputs[from];
      default ->
          Collections.unmodifiableList(
              Arrays.asList(Arrays.copyOfRange(outputs, from, outputs.length)));
    };
  }
}
