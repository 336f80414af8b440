// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValueVector;

/**
 * The nodes of a graph, prepared to run: values are numbered, operators and constants looked up,
 * and it is known after which step a value is dead. Immutable; copies of a graph share it.
 */
final class GraphProgram {

  private static final int[] NONE = {};

  private final List<String> inputs;
  private final List<GraphNode> nodes;
  private final Object output;
  private final Map<GraphValue, Integer> slots = new IdentityHashMap<>();
  private final Step[] steps;
  private final int[][] deadAfter;

  GraphProgram(List<String> inputs, List<GraphNode> nodes, Object output) {
    this.inputs = List.copyOf(inputs);
    this.nodes = List.copyOf(nodes);
    this.output = output;
    for (GraphNode node : this.nodes) {
      slots.put(node.result(), slots.size());
    }
    steps = new Step[this.nodes.size()];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = Steps.of(this.nodes.get(i), i, this.inputs, slots);
    }
    deadAfter = deadAfter();
  }

  List<String> inputs() {
    return inputs;
  }

  List<GraphNode> nodes() {
    return nodes;
  }

  Object output() {
    return output;
  }

  private int[][] deadAfter() {
    int[] last = new int[steps.length];
    for (int i = 0; i < steps.length; i++) {
      last[i] = i;
      for (Object argument : nodes.get(i).arguments()) {
        markUse(argument, i, last);
      }
    }
    markUse(output, steps.length, last);
    List<List<Integer>> dead = new ArrayList<>();
    for (int i = 0; i < steps.length; i++) {
      dead.add(new ArrayList<>());
    }
    for (int slot = 0; slot < steps.length; slot++) {
      if (last[slot] < steps.length) {
        dead.get(last[slot]).add(slot);
      }
    }
    return dead.stream()
        .map(each -> each.isEmpty() ? NONE : each.stream().mapToInt(Integer::intValue).toArray())
        .toArray(int[][]::new);
  }

  private void markUse(Object argument, int step, int[] last) {
    if (argument instanceof GraphValue value) {
      last[slots.get(value)] = step;
    } else if (argument instanceof List<?> items) {
      items.forEach(item -> markUse(item, step, last));
    }
  }

  Object run(GraphModule module, Object... arguments) {
    if (arguments.length != inputs.size()) {
      throw new IllegalArgumentException(
          module.typeName()
              + " takes "
              + inputs.size()
              + " arguments "
              + inputs
              + ", but "
              + arguments.length
              + " are given");
    }
    Environment environment = new Environment(module, arguments, steps.length);
    int i = 0;
    try (IValueVector stack = new IValueVector()) {
      environment.stack = stack;
      for (; i < steps.length; i++) {
        steps[i].run(environment);
        for (int slot : deadAfter[i]) {
          environment.release(slot);
        }
      }
      return environment.take(output, slots);
    } catch (RuntimeException | Error e) {
      if (i < steps.length) {
        e.addSuppressed(
            new IllegalStateException(
                "in " + module.typeName() + ": " + GraphPrinter.line(nodes.get(i))));
      }
      throw e;
    } finally {
      environment.releaseAll();
    }
  }

  /** A prepared node. */
  interface Step {
    void run(Environment environment);
  }
}
