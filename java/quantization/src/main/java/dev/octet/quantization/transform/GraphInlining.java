// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.tree.JavaSequential;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Writes the methods of the graphs below a graph into its own, so that what spans several of them
 * can be seen in one list of nodes.
 *
 * <p>Modules stay where they are and are called by their paths; graphs and chains of modules that
 * were called are called no more. Values are the same bit for bit.
 */
public final class GraphInlining {

  private final GraphModule root;
  private final Set<String> names = new HashSet<>();

  private GraphInlining(GraphModule root) {
    this.root = root;
  }

  /**
   * Write out the forward of a graph in full.
   *
   * @param root the graph, which is not changed
   * @return a method that does the same without calling other graphs
   */
  public static GraphMethod flatten(GraphModule root) {
    return new GraphInlining(root).flatten();
  }

  /**
   * Replace the forward of a graph by the same written out in full.
   *
   * @param root the graph; no run of it may be going on
   */
  public static void inline(GraphModule root) {
    root.replaceMethod(GraphMethod.FORWARD, flatten(root));
  }

  private GraphMethod flatten() {
    GraphMethod forward = root.methods().get(GraphMethod.FORWARD);
    Map<GraphValue, Object> values = new IdentityHashMap<>();
    List<GraphNode> nodes = new ArrayList<>();
    for (GraphNode node : forward.nodes()) {
      if (node.kind() == GraphNode.Kind.INPUT) {
        names.add(node.name());
        nodes.add(node);
        values.put(node.result(), node.result());
      }
    }
    write(forward.nodes(), "", values, nodes);
    return new GraphMethod(forward.inputs(), nodes, replaced(forward.output(), values));
  }

  /** Write the nodes of a module at a path; inputs have their values already. */
  private void write(
      List<GraphNode> from, String path, Map<GraphValue, Object> values, List<GraphNode> to) {
    for (GraphNode node : from) {
      switch (node.kind()) {
        case INPUT -> {}
        case CALL_MODULE -> call(node, path, GraphMethod.FORWARD, below(path, node), values, to);
        case CALL_METHOD -> {
          String target = below(path, node);
          int dot = target.lastIndexOf('.');
          call(node, path, target.substring(dot + 1), target.substring(0, dot), values, to);
        }
        case GET_ITEM -> {
          int index = Integer.parseInt(node.target());
          if (replaced(node.arguments().get(0), values) instanceof List<?> items) {
            values.put(node.result(), items.get(index));
          } else {
            add(node, path, values, to);
          }
        }
        default -> add(node, path, values, to);
      }
    }
  }

  private static String below(String path, GraphNode node) {
    return path.isEmpty() ? node.target() : path + "." + node.target();
  }

  private void call(
      GraphNode node,
      String path,
      String method,
      String module,
      Map<GraphValue, Object> values,
      List<GraphNode> to) {
    Module child = root.child(module);
    List<Object> arguments = new ArrayList<>();
    node.arguments().forEach(argument -> arguments.add(replaced(argument, values)));
    // A quantizer in front of what is written out is called by itself; paths lead through it.
    String wrapped = module;
    while (child instanceof QuantizedInputModule wrapper
        && method.startsWith(GraphMethod.FORWARD)
        && isWrittenOut(wrapper, arguments.size())) {
      arguments.set(0, callChild(node, wrapped + ".input_quantizer", arguments.get(0), to));
      wrapped += ".module";
      child = wrapper.facadeInner();
    }
    if (child instanceof GraphModule graph) {
      values.put(node.result(), inline(graph.methods().get(method), module, arguments, to));
    } else if (child.getClass() == JavaSequential.class && arguments.size() == 1) {
      Object value = arguments.get(0);
      for (String name : ((JavaSequential) child).childObjects().keySet()) {
        value = callChild(node, module + "." + name, value, to);
      }
      values.put(node.result(), value);
    } else {
      add(node, path, values, to);
    }
  }

  private static boolean isWrittenOut(QuantizedInputModule wrapper, int arguments) {
    Module inner = wrapper.facadeInner();
    while (inner instanceof QuantizedInputModule next) {
      inner = next.facadeInner();
    }
    return arguments > 0
        && (inner instanceof GraphModule
            || inner.getClass() == JavaSequential.class && arguments == 1);
  }

  private Object callChild(GraphNode node, String module, Object argument, List<GraphNode> to) {
    GraphValue result = value(module.replace('.', '_'));
    GraphNode call =
        new GraphNode(
            result,
            GraphNode.Kind.CALL_MODULE,
            module,
            Collections.singletonList(argument),
            List.of(),
            node.source());
    Map<GraphValue, Object> values = new IdentityHashMap<>();
    GraphValues.used(call.arguments(), each -> values.put(each, each));
    call(call, "", GraphMethod.FORWARD, module, values, to);
    return values.get(result);
  }

  private Object inline(
      GraphMethod method, String module, List<Object> arguments, List<GraphNode> to) {
    Map<GraphValue, Object> values = new IdentityHashMap<>();
    for (GraphNode node : method.nodes()) {
      if (node.kind() == GraphNode.Kind.INPUT) {
        int index = method.inputNames().indexOf(node.target());
        GraphInput input = method.inputs().get(index);
        values.put(
            node.result(), index < arguments.size() ? arguments.get(index) : input.defaultValue());
      }
    }
    write(method.nodes(), module, values, to);
    return replaced(method.output(), values);
  }

  /** Write one node under a new name. */
  private void add(
      GraphNode node, String path, Map<GraphValue, Object> values, List<GraphNode> to) {
    List<GraphBlock> blocks = new ArrayList<>();
    for (GraphBlock block : node.blocks()) {
      List<GraphValue> parameters = new ArrayList<>();
      for (GraphValue parameter : block.parameters()) {
        GraphValue renamed = value(prefixed(path, parameter.name()));
        parameters.add(renamed);
        values.put(parameter, renamed);
      }
      List<GraphNode> inner = new ArrayList<>();
      write(block.nodes(), path, values, inner);
      List<Object> outputs = new ArrayList<>();
      block.outputs().forEach(output -> outputs.add(replaced(output, values)));
      blocks.add(new GraphBlock(parameters, inner, outputs));
    }
    List<Object> arguments = new ArrayList<>();
    node.arguments().forEach(argument -> arguments.add(replaced(argument, values)));
    boolean local =
        switch (node.kind()) {
          case GET_ATTRIBUTE, SET_ATTRIBUTE, CALL_MODULE, CALL_METHOD -> true;
          default -> false;
        };
    GraphValue result = value(prefixed(path, node.name()));
    values.put(node.result(), result);
    to.add(
        new GraphNode(
            result,
            node.kind(),
            local ? below(path, node) : node.target(),
            arguments,
            blocks,
            node.source()));
  }

  private static String prefixed(String path, String name) {
    return path.isEmpty() ? name : path.replace('.', '_') + "_" + name;
  }

  private GraphValue value(String name) {
    String unique = name;
    for (int i = 1; !names.add(unique); i++) {
      unique = name + "_" + i;
    }
    return new GraphValue(unique);
  }

  private static Object replaced(Object argument, Map<GraphValue, Object> values) {
    return GraphValues.replace(argument, values::get);
  }
}
