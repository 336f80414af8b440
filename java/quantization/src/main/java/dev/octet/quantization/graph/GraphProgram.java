// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValueVector;

/** A method prepared to run. Immutable; copies of a graph share it. */
final class GraphProgram {

  private final GraphMethod method;
  private final CompiledBlock block;
  private final int size;
  private final boolean switchesGradients;

  /**
   * Prepare a method.
   *
   * @throws IllegalArgumentException if a node uses a value that no earlier node in its scope
   *     makes, or an operator is unknown
   */
  GraphProgram(GraphMethod method) {
    this.method = method;
    Map<GraphValue, Integer> slots = new IdentityHashMap<>();
    GraphBlock body = new GraphBlock(List.of(), method.nodes(), Arrays.asList(method.output()));
    GraphScopes.number(body, slots);
    size = slots.size();
    boolean[] switches = {false};
    GraphNodes.visit(
        method.nodes(), node -> switches[0] |= node.target().equals("aten::set_grad_enabled"));
    switchesGradients = switches[0];
    block = new CompiledBlock(body, method.inputNames(), slots);
  }

  GraphMethod method() {
    return method;
  }

  /** Run; lists and dicts that operators made are handed over as native handles. */
  Object run(GraphModule module, Object... arguments) {
    Object[] complete = complete(module, arguments);
    boolean gradients = switchesGradients && GradMode.is_enabled();
    try (IValueVector stack = new IValueVector()) {
      Environment environment = new Environment(module, complete, size, stack);
      try {
        return block.run(environment)[0];
      } catch (RuntimeException | Error e) {
        if (environment.current != null) {
          e.addSuppressed(
              new IllegalStateException(
                  "in " + module.typeName() + ": " + GraphPrinter.where(environment.current)));
        }
        if (switchesGradients) {
          // The program's own way out of a 'with' block was not taken.
          GradMode.set_enabled(gradients);
        }
        throw e;
      } finally {
        environment.releaseAll();
      }
    }
  }

  private Object[] complete(GraphModule module, Object[] arguments) {
    List<GraphInput> inputs = method.inputs();
    int required = 0;
    for (int i = 0; i < inputs.size(); i++) {
      required = inputs.get(i).optional() ? required : i + 1;
    }
    if (arguments.length < required || arguments.length > inputs.size()) {
      throw new IllegalArgumentException(
          module.typeName()
              + " takes "
              + (required == inputs.size() ? "" : required + " to ")
              + inputs.size()
              + " arguments "
              + method.inputNames()
              + ", but "
              + arguments.length
              + " are given");
    }
    if (arguments.length == inputs.size()) {
      return arguments;
    }
    Object[] complete = Arrays.copyOf(arguments, inputs.size(), Object[].class);
    for (int i = arguments.length; i < complete.length; i++) {
      complete[i] = inputs.get(i).defaultValue();
    }
    return complete;
  }
}
