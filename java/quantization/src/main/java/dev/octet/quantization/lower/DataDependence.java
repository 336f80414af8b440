// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/** Which values follow from more than the sizes of the inputs. */
final class DataDependence {
  /** Operators that look at the sizes, the type or the device of a tensor only. */
  private static final Set<String> LOOK_AT_SHAPE =
      Set.of(
          "aten::dim",
          "aten::device",
          "aten::is_floating_point",
          "aten::len",
          "aten::numel",
          "aten::ones_like",
          "aten::full_like",
          "aten::new_zeros",
          "aten::new_ones",
          "aten::new_full",
          "aten::size",
          "aten::sym_size",
          "aten::zeros_like",
          "aten::__isnot__",
          "aten::__is__",
          "prim::device",
          "prim::dtype",
          "prim::is_cuda",
          "prim::layout");

  private final Set<GraphValue> dependent = Collections.newSetFromMap(new IdentityHashMap<>());

  private DataDependence() {}

  /** Looks at a method without blocks. */
  static DataDependence of(GraphMethod method) {
    DataDependence dependence = new DataDependence();
    for (GraphNode node : method.nodes()) {
      boolean[] depends = {node.kind() == GraphNode.Kind.INPUT};
      if (!looksAtShape(node)) {
        GraphValues.used(node, value -> depends[0] |= dependence.dependent.contains(value));
      }
      if (depends[0]) {
        dependence.dependent.add(node.result());
      }
    }
    return dependence;
  }

  private static boolean looksAtShape(GraphNode node) {
    if (node.kind() == GraphNode.Kind.IS_INSTANCE) {
      return true;
    }
    String target = node.target();
    int dot = target.indexOf('.');
    return node.kind() == GraphNode.Kind.CALL_FUNCTION
        && LOOK_AT_SHAPE.contains(dot < 0 ? target : target.substring(0, dot));
  }

  /** Tells whether a value is another one for other elements of the inputs. */
  boolean dependsOnElements(GraphValue value) {
    return dependent.contains(value);
  }
}
