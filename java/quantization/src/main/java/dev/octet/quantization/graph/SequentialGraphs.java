// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.ModuleTree;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;

/** Makes graphs that call modules one after the other. */
final class SequentialGraphs {

  private static final String INPUT = "input";

  private SequentialGraphs() {}

  static GraphModule of(Map<String, ? extends Module> modules, boolean training) {
    if (modules.isEmpty()) {
      throw new IllegalArgumentException(
          "modules is empty; a Sequential needs at least one module");
    }
    GraphBuilder builder = new GraphBuilder(INPUT).typeName("Sequential");
    GraphValue value = builder.input(INPUT);
    for (Map.Entry<String, ? extends Module> each : modules.entrySet()) {
      value = builder.call(each.getKey(), each.getValue(), value);
    }
    return builder.output(value).build(training);
  }

  static GraphModule convert(SequentialImpl sequential) {
    return convert(sequential, ModuleTree.of(sequential), new HashMap<>());
  }

  /** Keeps sharing: a container that occurs twice becomes one graph. */
  private static GraphModule convert(
      Module sequential, ModuleTree tree, Map<Long, GraphModule> converted) {
    GraphModule known = converted.get(sequential.address());
    if (known != null) {
      return known;
    }
    Map<String, Module> modules = new LinkedHashMap<>();
    tree.children(sequential)
        .forEach(
            (name, child) ->
                modules.put(
                    name,
                    child instanceof SequentialImpl ? convert(child, tree, converted) : child));
    GraphModule graph = of(modules, sequential.is_training());
    converted.put(sequential.address(), graph);
    return graph;
  }
}
