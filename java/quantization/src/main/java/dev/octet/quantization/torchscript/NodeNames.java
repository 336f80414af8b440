// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.JitNode;

/**
 * The names of the attributes and methods that the nodes of a graph read, set and call.
 *
 * <p>Taken from the printed graph, in which nodes stand in the order in which one walks over them:
 * the presets' {@code JitNode.s} returns a pointer into a string that is gone by then.
 */
final class NodeNames {

  private static final Set<String> NAMED =
      Set.of("prim::GetAttr", "prim::SetAttr", "prim::CallMethod");
  private static final Pattern LINE =
      Pattern.compile(
          "^[^=\\n]*= (prim::(?:GetAttr|SetAttr|CallMethod))\\[name=\"((?:[^\"\\\\]|\\\\.)*)\"",
          Pattern.MULTILINE);

  private final Map<Long, String> names = new HashMap<>();

  NodeNames(Graph graph) {
    Matcher lines = LINE.matcher(graph.toString());
    read(graph.block(), lines);
    if (lines.find()) {
      throw new IllegalStateException("the printed graph has more nodes than the graph");
    }
  }

  private void read(Block block, Matcher lines) {
    for (JitNode node : Jit.nodes(block)) {
      String kind = Jit.kind(node);
      if (NAMED.contains(kind)) {
        if (!lines.find() || !lines.group(1).equals(kind)) {
          throw new IllegalStateException("the printed graph has no line for a " + kind);
        }
        names.put(node.address(), lines.group(2));
      }
      Jit.blocks(node).forEach(inner -> read(inner, lines));
    }
  }

  String of(JitNode node) {
    return names.get(node.address());
  }
}
