// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.kernel.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** What every node of a method made in runs with inputs of different sizes. */
final class Trace implements AutoCloseable {
  private final List<Map<GraphValue, Object>> runs = new ArrayList<>();

  private Trace() {}

  /**
   * Runs a method and records all values.
   *
   * @param graph has the modules and attributes; its forward is replaced while this runs
   */
  static Trace record(GraphModule graph, GraphMethod method, ExampleInputs inputs) {
    List<GraphValue> values = new ArrayList<>();
    for (GraphNode node : method.nodes()) {
      if (node.kind() != GraphNode.Kind.RAISE && node.kind() != GraphNode.Kind.SET_ATTRIBUTE) {
        values.add(node.result());
      }
    }
    GraphMethod before = graph.methods().get(GraphMethod.FORWARD);
    Trace trace = new Trace();
    graph.replaceMethod(
        GraphMethod.FORWARD, new GraphMethod(method.inputs(), method.nodes(), values));
    try (NoGradGuard guard = new NoGradGuard()) {
      for (int run = 0; run < inputs.runs(); run++) {
        trace.runs.add(trace.run(graph, method, values, inputs, run));
      }
      return trace;
    } catch (RuntimeException | Error e) {
      trace.close();
      throw e;
    } finally {
      graph.replaceMethod(GraphMethod.FORWARD, before);
    }
  }

  private Map<GraphValue, Object> run(
      GraphModule graph,
      GraphMethod method,
      List<GraphValue> values,
      ExampleInputs inputs,
      int run) {
    List<Tensor> arguments = new ArrayList<>();
    for (String name : method.inputNames()) {
      arguments.add(inputs.tensor(name, run));
    }
    try {
      List<?> results = (List<?>) graph.forwardAny(arguments.toArray());
      Map<GraphValue, Object> recorded = new IdentityHashMap<>();
      for (int i = 0; i < values.size(); i++) {
        recorded.put(values.get(i), results.get(i));
      }
      return recorded;
    } catch (RuntimeException e) {
      throw new LoweringException(
          "the model does not run on "
              + (run == 0 ? "the examples" : "inputs of other sizes")
              + " "
              + inputs.describe(run)
              + ": "
              + e.getMessage()
              + (run == 0
                  ? ". Give examples that its forward takes, after calibration"
                  : ". Leave out the symbols of sizes that can't change, or give larger examples:"
                      + " sizes of 12 and more are made smaller for these runs, others larger"),
          e);
    } finally {
      arguments.forEach(
          argument -> {
            if (argument != null) {
              argument.close();
            }
          });
    }
  }

  int runs() {
    return runs.size();
  }

  /** Returns what a node made in a run. */
  Object value(GraphValue value, int run) {
    return runs.get(run).get(value);
  }

  /** Returns what a node made in every run. */
  List<Object> values(GraphValue value) {
    List<Object> values = new ArrayList<>();
    runs.forEach(run -> values.add(run.get(value)));
    return Collections.unmodifiableList(values);
  }

  /** Returns the sizes of a tensor, or null if the node did not always make one of one rank. */
  static Sizes sizes(List<?> values) {
    List<long[]> sizes = new ArrayList<>();
    for (Object value : values) {
      if (!(value instanceof Tensor tensor) || !tensor.defined()) {
        return null;
      }
      long[] shape = Tensors.shape(tensor);
      if (!sizes.isEmpty() && sizes.get(0).length != shape.length) {
        return null;
      }
      sizes.add(shape);
    }
    return Sizes.of(sizes);
  }

  /** Closes all recorded tensors. */
  @Override
  public void close() {
    runs.forEach(run -> run.values().forEach(Trace::close));
    runs.clear();
  }

  private static void close(Object value) {
    if (value instanceof Tensor tensor) {
      tensor.close();
    } else if (value instanceof List<?> items) {
      items.forEach(Trace::close);
    } else if (value instanceof Map<?, ?> map) {
      map.values().forEach(Trace::close);
    }
  }
}
