// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Nodes prepared to run: values are numbered, operators and constants looked up, and it is known
 * after which step a value is dead. Immutable.
 */
final class CompiledBlock {

  private static final int[] NONE = {};

  private final int[] parameters;
  private final GraphNode[] nodes;
  private final Step[] steps;
  private final int[][] deadAfter;
  private final int[] local;
  private final Object[] outputs;
  private final boolean[] takes;
  private final Map<GraphValue, Integer> slots;

  CompiledBlock(GraphBlock block, List<String> inputs, Map<GraphValue, Integer> slots) {
    this.slots = slots;
    parameters = block.parameters().stream().mapToInt(slots::get).toArray();
    nodes = block.nodes().toArray(GraphNode[]::new);
    outputs = block.outputs().toArray();
    steps = new Step[nodes.length];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = Steps.of(nodes[i], slots.get(nodes[i].result()), inputs, slots);
    }
    local =
        IntStream.concat(
                Arrays.stream(parameters),
                Arrays.stream(nodes).mapToInt(node -> slots.get(node.result())))
            .toArray();
    deadAfter = deadAfter();
    takes = takes();
  }

  private int[][] deadAfter() {
    int[] last = new int[slots.size()];
    Arrays.fill(last, -1);
    for (int slot : parameters) {
      last[slot] = 0;
    }
    for (int i = 0; i < steps.length; i++) {
      last[slots.get(nodes[i].result())] = i;
      int step = i;
      GraphValues.used(nodes[i], value -> last[slots.get(value)] = step);
    }
    for (Object output : outputs) {
      GraphValues.used(output, value -> last[slots.get(value)] = steps.length);
    }
    List<List<Integer>> dead = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      dead.add(new ArrayList<>());
    }
    for (int slot : local) {
      if (last[slot] < steps.length) {
        dead.get(last[slot]).add(slot);
      }
    }
    return dead.stream()
        .map(each -> each.isEmpty() ? NONE : each.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  /** Which outputs may be handed over: those made here, at their last occurrence. */
  private boolean[] takes() {
    boolean[] here = new boolean[slots.size()];
    for (int slot : local) {
      here[slot] = true;
    }
    boolean[] may = new boolean[outputs.length];
    for (int i = outputs.length - 1; i >= 0; i--) {
      boolean[] all = {true};
      GraphValues.used(
          outputs[i],
          value -> {
            all[0] &= here[slots.get(value)];
            here[slots.get(value)] = false;
          });
      may[i] = all[0];
    }
    return may;
  }

  /** Hand values to the block; it owns them from now on. */
  void enter(Environment environment, int parameter, Object value) {
    environment.put(parameters[parameter], value, true);
  }

  /** Run the nodes and return the outputs, which the caller owns. */
  Object[] run(Environment environment) {
    for (int i = 0; i < steps.length; i++) {
      environment.current = nodes[i];
      steps[i].run(environment);
      for (int slot : deadAfter[i]) {
        environment.release(slot);
      }
    }
    Object[] results = new Object[outputs.length];
    for (int i = 0; i < results.length; i++) {
      results[i] =
          takes[i]
              ? environment.take(outputs[i], slots)
              : Values.secondHandle(environment.value(outputs[i], slots));
    }
    for (int slot : local) {
      environment.release(slot);
    }
    return results;
  }

  /** A prepared node. */
  interface Step {
    void run(Environment environment);
  }
}
