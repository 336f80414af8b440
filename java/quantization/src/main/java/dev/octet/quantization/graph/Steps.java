// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Prepares the nodes of a graph. */
final class Steps {

  private Steps() {}

  static GraphProgram.Step of(
      GraphNode node, int slot, List<String> inputs, Map<GraphValue, Integer> slots) {
    return switch (node.kind()) {
      case INPUT -> {
        int index = inputs.indexOf(node.target());
        yield environment -> environment.put(slot, environment.arguments[index], false);
      }
      case GET_ATTRIBUTE -> attribute(node.target(), slot);
      case GET_ITEM -> item(node, slot, slots.get((GraphValue) node.arguments().get(0)));
      case CALL_MODULE -> call(node, slot, slots);
      case CALL_FUNCTION -> function(node, slot, slots);
    };
  }

  /** A handle of a child's tensor is new each time and so has to be closed. */
  private static GraphProgram.Step attribute(String path, int slot) {
    boolean childs = path.indexOf('.') >= 0;
    return environment -> environment.put(slot, environment.module.attribute(path), childs);
  }

  private static GraphProgram.Step item(GraphNode node, int slot, int from) {
    int index = Integer.parseInt(node.target());
    return environment -> {
      Object value = environment.values[from];
      if (!(value instanceof List<?> items) || index >= items.size()) {
        throw new IllegalStateException(
            "value '" + node.arguments().get(0) + "' has no item " + index + "; it is " + value);
      }
      environment.put(slot, Environment.secondHandle(items.get(index)), true);
    };
  }

  private static GraphProgram.Step call(GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    String path = node.target();
    List<Object> arguments = node.arguments();
    return environment -> {
      Module child = environment.module.child(path);
      Object[] values = new Object[arguments.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = evaluate(arguments.get(i), environment, slots);
      }
      Object result = ModuleCall.forward(child, values);
      if (ModuleResults.isNativeTuple(result)) {
        environment.put(slot, ModuleResults.toList(result), true);
        return;
      }
      boolean fresh = ModuleCall.returnsFresh(child) && !contains(values, result);
      environment.put(slot, result, fresh);
    };
  }

  private static Object evaluate(
      Object argument, Environment environment, Map<GraphValue, Integer> slots) {
    if (argument instanceof GraphValue value) {
      return environment.values[slots.get(value)];
    }
    if (argument instanceof List<?> items) {
      List<Object> values = new ArrayList<>();
      items.forEach(item -> values.add(evaluate(item, environment, slots)));
      return Collections.unmodifiableList(values);
    }
    return argument;
  }

  /** Whether any tensor of a result is one of the arguments, passed through. */
  private static boolean contains(Object[] arguments, Object result) {
    if (result instanceof List<?> results) {
      return results.stream().anyMatch(each -> contains(arguments, each));
    }
    for (Object argument : arguments) {
      if (argument == result
          || argument instanceof List<?> items && contains(items.toArray(), result)) {
        return argument != null;
      }
    }
    return false;
  }

  private static GraphProgram.Step function(
      GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    Operator operator = Operator.of(node.target());
    OperatorArgument[] arguments = new OperatorArgument[node.arguments().size()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] =
          OperatorArgument.of(node.arguments().get(i), operator.parameters().get(i).type(), slots);
    }
    return environment -> {
      IValueVector stack = environment.stack;
      stack.resize(arguments.length);
      for (int i = 0; i < arguments.length; i++) {
        arguments[i].put(stack, i, environment);
      }
      operator.call(stack);
      environment.put(slot, results(stack), true);
      stack.resize(0);
    };
  }

  private static Object results(IValueVector stack) {
    long size = stack.size();
    if (size == 1) {
      IValue only = stack.get(0);
      return only.isTensor() ? new Tensor(only.toTensor()) : IValues.toJava(only);
    }
    List<Object> results = new ArrayList<>();
    for (long i = 0; i < size; i++) {
      results.add(IValues.toJava(stack.get(i)));
    }
    return Collections.unmodifiableList(results);
  }
}
