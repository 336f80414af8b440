// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * What an import found.
 *
 * @param modules how many modules there are of each type, the most frequent first
 * @param operators how often each operator is written in the recorded methods, the most frequent
 *     first
 * @param parameters the number of elements of all parameters, shared ones counted once
 * @param parameterBytes their size in bytes
 * @param notes in words: what was recorded instead of recognised, rebuilt, or left out, and why
 */
public record ImportReport(
    Map<String, Integer> modules,
    Map<String, Integer> operators,
    long parameters,
    long parameterBytes,
    List<String> notes) {

  static ImportReport of(Module model, List<String> notes) {
    Map<String, Integer> modules = new HashMap<>();
    Map<String, Integer> operators = new HashMap<>();
    Set<Long> counted = new HashSet<>();
    long parameters = 0;
    long bytes = 0;
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      if (node.sameAs() != null) {
        continue;
      }
      modules.merge(ModuleTypes.typeName(node.module()), 1, Integer::sum);
      if (node.module() instanceof GraphModule graph) {
        count(graph, operators);
      }
      try (StringTensorDict own = node.module().named_parameters(false)) {
        for (long i = 0; i < own.size(); i++) {
          Tensor tensor = own.get(i).value();
          if (tensor.defined() && counted.add(tensor.data_ptr().address())) {
            parameters += tensor.numel();
            bytes += tensor.nbytes();
          }
        }
      }
    }
    return new ImportReport(
        sorted(modules), sorted(operators), parameters, bytes, List.copyOf(notes));
  }

  private static void count(GraphModule graph, Map<String, Integer> operators) {
    graph
        .methods()
        .values()
        .forEach(
            method ->
                GraphNodes.visit(
                    method.nodes(),
                    node -> {
                      if (node.kind() == GraphNode.Kind.CALL_FUNCTION) {
                        operators.merge(node.target(), 1, Integer::sum);
                      }
                    }));
  }

  private static Map<String, Integer> sorted(Map<String, Integer> counts) {
    Map<String, Integer> sorted = new LinkedHashMap<>();
    counts.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey()))
        .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
    return Collections.unmodifiableMap(sorted);
  }
}
