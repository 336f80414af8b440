// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Where a value occurs in a method that is being changed, and how often. */
final class ValueUses {

  private final Map<EditedNode, Integer> nodes = new LinkedHashMap<>();
  private final Map<EditedBlock, Integer> blocks = new LinkedHashMap<>();
  private int count;

  /** The nodes that have the value among their arguments. */
  Set<EditedNode> nodes() {
    return Collections.unmodifiableSet(nodes.keySet());
  }

  /** The blocks, and the method itself, that hand the value back. */
  Set<EditedBlock> blocks() {
    return Collections.unmodifiableSet(blocks.keySet());
  }

  /** The number of occurrences. */
  int count() {
    return count;
  }

  void add(EditedNode node) {
    nodes.merge(node, 1, Integer::sum);
    count++;
  }

  void add(EditedBlock block) {
    blocks.merge(block, 1, Integer::sum);
    count++;
  }

  void addAll(ValueUses others) {
    others.nodes.forEach((node, times) -> nodes.merge(node, times, Integer::sum));
    others.blocks.forEach((block, times) -> blocks.merge(block, times, Integer::sum));
    count += others.count;
  }

  void remove(EditedNode node) {
    Integer times = nodes.remove(node);
    count -= times == null ? 0 : times;
  }

  void remove(EditedBlock block) {
    Integer times = blocks.remove(block);
    count -= times == null ? 0 : times;
  }
}
