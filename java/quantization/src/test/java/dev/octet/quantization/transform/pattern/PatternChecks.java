// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.CleanupReport;
import dev.octet.quantization.transform.PatternCleanup;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Tensor;

/** Cleans graphs up and compares what they compute before and after. */
final class PatternChecks {

  private static final double TOLERANCE = 1e-5;

  private PatternChecks() {}

  /** A graph of one input. */
  static GraphModule graph(BiFunction<GraphBuilder, GraphValue, Object> body) {
    GraphBuilder builder = GraphModule.builder("x");
    return builder.output(body.apply(builder, builder.input("x"))).build();
  }

  /** Requires that a graph becomes one call of an operator, and computes the same. */
  static GraphNode becomes(String operator, GraphModule graph, Tensor... inputs) {
    List<Tensor> before = run(graph, inputs);
    CleanupReport report = PatternCleanup.apply(graph);
    List<GraphNode> calls =
        functions(graph).stream().filter(node -> node.target().equals(operator)).toList();
    assertEquals(1, calls.size(), graph.code() + report);
    assertClose(before, run(graph, inputs));
    return calls.get(0);
  }

  /** Requires that nothing is found in a graph; returns why, or null if no reason was given. */
  static String stays(GraphModule graph, Tensor... inputs) {
    List<Tensor> before = run(graph, inputs);
    String code = graph.code();
    CleanupReport report = PatternCleanup.apply(graph);
    assertEquals(List.of(), report.found());
    assertEquals(code, graph.code());
    assertClose(before, run(graph, inputs));
    return report.left().isEmpty() ? null : report.left().get(0).reason();
  }

  static List<GraphNode> functions(GraphModule graph) {
    List<GraphNode> functions = new ArrayList<>();
    GraphNodes.visit(
        graph.nodes(),
        node -> {
          if (node.kind() == GraphNode.Kind.CALL_FUNCTION) {
            functions.add(node);
          }
        });
    return functions;
  }

  static List<Tensor> run(GraphModule graph, Tensor... inputs) {
    Object[] copies = new Object[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      copies[i] = inputs[i].clone();
    }
    List<Tensor> results = new ArrayList<>();
    collect(graph.forwardAny(copies), results);
    for (Object copy : copies) {
      results.add((Tensor) copy);
    }
    return results;
  }

  private static void collect(Object result, List<Tensor> results) {
    if (result instanceof Tensor tensor) {
      results.add(tensor);
    } else if (result instanceof List<?> items) {
      items.forEach(item -> collect(item, results));
    }
  }

  static void assertClose(List<Tensor> expected, List<Tensor> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertClose(expected.get(i), actual.get(i));
    }
  }

  static void assertClose(Tensor expected, Tensor actual) {
    assertEquals(expected.sizes().vec().toString(), actual.sizes().vec().toString());
    assertEquals(expected.scalar_type().intern(), actual.scalar_type().intern());
    double scale = expected.abs().max().item_double();
    double difference = expected.sub(actual).abs().max().item_double();
    assertTrue(difference <= TOLERANCE * scale, difference + " of " + scale);
  }
}
