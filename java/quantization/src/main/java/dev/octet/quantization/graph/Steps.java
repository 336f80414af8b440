// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.WrapperModule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Type.TypePtr;

/** Prepares the nodes of a graph. */
final class Steps {

  private Steps() {}

  static CompiledBlock.Step of(
      GraphNode node, int slot, List<String> inputs, Map<GraphValue, Integer> slots) {
    return switch (node.kind()) {
      case INPUT -> {
        int index = inputs.indexOf(node.target());
        yield environment -> environment.put(slot, environment.arguments[index], false);
      }
      case GET_ATTRIBUTE ->
          environment -> environment.module.read(node.target(), slot, environment);
      case SET_ATTRIBUTE ->
          environment ->
              environment.module.write(
                  node.target(), environment.value(node.arguments().get(0), slots));
      case GET_ITEM -> item(node, slot, slots);
      case LIST -> list(node, slot, slots);
      case DICT -> dict(node, slot, slots);
      case IS_INSTANCE -> isInstance(node, slot, slots);
      case CALL_MODULE -> call(node, slot, slots);
      case CALL_METHOD -> callMethod(node, slot, slots);
      case CALL_FUNCTION -> function(node, slot, slots);
      case IF -> ControlSteps.branch(node, slot, inputs, slots);
      case LOOP -> ControlSteps.loop(node, slot, inputs, slots);
      case RAISE ->
          environment -> {
            throw new GraphRaisedException(
                String.valueOf(environment.value(node.arguments().get(1), slots)),
                String.valueOf(environment.value(node.arguments().get(0), slots)));
          };
    };
  }

  private static CompiledBlock.Step item(GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    int index = Integer.parseInt(node.target());
    Object from = node.arguments().get(0);
    return environment -> {
      Object value = environment.value(from, slots);
      if (value instanceof List<?> items && index < items.size()) {
        environment.put(slot, Values.secondHandle(items.get(index)), true);
      } else if (value instanceof IValue other && index < IValues.size(other)) {
        environment.put(slot, IValues.item(other, index), true);
      } else {
        throw new IllegalStateException(
            "value '" + from + "' has no item " + index + "; it is " + value);
      }
    };
  }

  private static CompiledBlock.Step list(GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    TypePtr type = GraphTypes.of(node.target());
    return environment ->
        environment.put(
            slot, IValues.toNative(environment.value(node.arguments(), slots), type), true);
  }

  private static CompiledBlock.Step dict(GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    TypePtr type = GraphTypes.of(node.target());
    return environment ->
        environment.put(
            slot, IValues.dict((List<?>) environment.value(node.arguments(), slots), type), true);
  }

  private static CompiledBlock.Step isInstance(
      GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    List<TypePtr> types = new ArrayList<>();
    for (String name : node.target().split("\\|")) {
      types.add(GraphTypes.of(name));
    }
    return environment -> {
      Object value = environment.value(node.arguments().get(0), slots);
      environment.put(
          slot, types.stream().anyMatch(t -> InstanceCheck.isInstance(value, t)), false);
    };
  }

  private static CompiledBlock.Step call(GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    String[] path = node.target().split("\\.", -1);
    Object[] arguments = node.arguments().toArray();
    return environment -> {
      Module child = environment.module.child(path);
      Object[] values = values(arguments, environment, slots);
      if (child instanceof GraphModule graph) {
        environment.put(slot, graph.run(GraphMethod.FORWARD, values), true);
        return;
      }
      Object[] converted = java(values);
      try {
        callJava(child, converted, slot, environment);
      } finally {
        for (int i = 0; i < values.length; i++) {
          if (converted[i] != values[i]) {
            Values.close(converted[i]);
          }
        }
      }
    };
  }

  private static void callJava(
      Module child, Object[] arguments, int slot, Environment environment) {
    Object result = ModuleCall.forward(child, arguments);
    if (ModuleResults.isNativeTuple(result)) {
      environment.put(slot, ModuleResults.toList(result), true);
      return;
    }
    boolean passedThrough = contains(arguments, result);
    boolean fresh = ModuleCall.returnsFresh(child) && !passedThrough;
    // A converted argument is closed after the call, so what came through it needs a handle.
    if (passedThrough && result instanceof List<?>) {
      environment.put(slot, Values.secondHandle(result), true);
    } else {
      environment.put(slot, result, fresh);
    }
  }

  private static CompiledBlock.Step callMethod(
      GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    int dot = node.target().lastIndexOf('.');
    String[] path = node.target().substring(0, dot).split("\\.", -1);
    String method = node.target().substring(dot + 1);
    Object[] arguments = node.arguments().toArray();
    return environment -> {
      Module child = environment.module.child(path);
      Object[] values = values(arguments, environment, slots);
      environment.put(slot, callMethod(child, node.target(), method, values), true);
    };
  }

  /** What wrappers do to a call of the module they do to its other forwards, too. */
  private static Object callMethod(Module child, String path, String method, Object[] values) {
    if (child instanceof GraphModule graph) {
      return graph.run(method, values);
    }
    if (child instanceof WrapperModule wrapper) {
      Module inner = wrapper.facadeInner();
      return method.startsWith(GraphMethod.FORWARD)
          ? wrapper.forwardAround(given -> callMethod(inner, path, method, given), values)
          : callMethod(inner, path, method, values);
    }
    throw new IllegalStateException(
        "method '"
            + path
            + "' cannot be called: the module is a "
            + child.getClass().getName()
            + " now, which has no recorded methods; exclude it from conversion");
  }

  private static Object[] values(
      Object[] arguments, Environment environment, Map<GraphValue, Integer> slots) {
    Object[] values = new Object[arguments.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = environment.value(arguments[i], slots);
    }
    return values;
  }

  /** The arguments with native lists and dicts turned into Java's; the others stay the same. */
  private static Object[] java(Object[] values) {
    Object[] converted = values.clone();
    for (int i = 0; i < converted.length; i++) {
      if (Values.holdsNative(values[i])) {
        converted[i] = Values.toJava(values[i]);
      }
    }
    return converted;
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

  private static CompiledBlock.Step function(
      GraphNode node, int slot, Map<GraphValue, Integer> slots) {
    Operator operator = Operator.of(node.target());
    List<Operator.Parameter> parameters = operator.parameters();
    int count = node.arguments().size();
    OperatorArgument[] arguments = new OperatorArgument[count];
    for (int i = 0; i < count; i++) {
      TypePtr type = i < parameters.size() ? parameters.get(i).type() : GraphTypes.of("Any");
      arguments[i] = OperatorArgument.of(node.arguments().get(i), type, slots);
    }
    int size = operator.isVararg() ? count + 1 : count;
    return environment -> {
      IValueVector stack = environment.stack;
      stack.resize(size);
      for (int i = 0; i < count; i++) {
        arguments[i].put(stack, i, environment);
      }
      if (size > count) {
        try (IValue number = new IValue((long) count)) {
          stack.put(count, number);
        }
      }
      operator.call(stack);
      environment.put(slot, results(stack), true);
      stack.resize(0);
    };
  }

  private static Object results(IValueVector stack) {
    long size = stack.size();
    if (size == 1) {
      return IValues.handle(stack.get(0));
    }
    List<Object> results = new ArrayList<>();
    for (long i = 0; i < size; i++) {
      results.add(IValues.handle(stack.get(i)));
    }
    return Collections.unmodifiableList(results);
  }
}
