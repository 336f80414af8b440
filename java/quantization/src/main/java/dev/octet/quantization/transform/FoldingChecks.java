// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Module;

/**
 * Tells why a batch normalization cannot be folded. All methods return the reason in words, null if
 * there is none.
 */
final class FoldingChecks {

  private final ModelCalls calls;

  FoldingChecks(ModelCalls calls) {
    this.calls = calls;
  }

  /** Why a module cannot be folded, whatever comes before it. */
  String norm(Module norm, BatchNormStatistics statistics) {
    if (BatchNormStatistics.dimensions(norm) == 0) {
      return "it is a " + norm.getClass().getName() + ", whose forward may do something else";
    }
    if (norm.is_training()) {
      return "it is in training mode; call eval() before folding";
    }
    if (!statistics.isTracked()) {
      return "it has no running statistics and normalizes every batch by its own";
    }
    String reader = calls.reader(norm);
    return reader != null ? "its tensors are used by " + reader : calledOnce(norm);
  }

  /** Why a module cannot be replaced: it must be known to be called at one place only. */
  private String calledOnce(Module module) {
    List<ModuleNode> registrations = calls.registrations(module);
    if (registrations.size() > 1) {
      return "it is registered at several paths: "
          + registrations.stream().map(ModuleNode::path).collect(Collectors.joining(", "));
    }
    List<CallSite> sites = calls.sites(module);
    for (CallSite site : sites) {
      if (site instanceof CallSite.InCode code) {
        return "it is called by the code of "
            + code.owner()
            + ", which cannot be seen; only what a graph or a Sequential calls can be folded";
      }
    }
    if (sites.size() != 1) {
      return sites.isEmpty() ? "nothing calls it" : "it is called at " + sites.size() + " places";
    }
    return null;
  }

  /** Why the input of a node is not, or not only for it, the output of a module. */
  static String input(GraphNode node, MatchedMethod method) {
    GraphNode before = node.arguments().isEmpty() ? null : method.producer(node.arguments().get(0));
    if (before == null || before.kind() != GraphNode.Kind.CALL_MODULE) {
      return "its input does not come from a convolution or Linear";
    }
    GraphEditor editor = method.editor();
    if (editor.useCount(before.result()) > 1) {
      return "the output of '" + before.target() + "' before it has other users";
    }
    if (!editor.inSameBlock(before.result(), node.result())) {
      return "'" + before.target() + "' before it is called in another block";
    }
    return null;
  }

  /** Why a batch normalization cannot be folded into the module before it. */
  String layer(Module module, int dimensions, BatchNormStatistics norm) {
    if (module == null) {
      return "its input does not come from a convolution or Linear";
    }
    String type = ModuleTypes.typeName(module);
    String name = "'" + calls.registrations(module).get(0).path() + "'";
    if (module instanceof QuantizedModule) {
      return name + " before it is quantized already; fold before converting";
    }
    FoldableLayer layer = FoldableLayer.of(module);
    if (layer == null) {
      return "its input comes from " + name + ", a " + type + ", not from a convolution or Linear";
    }
    if (dimensions != 0 && layer.dimensions() != dimensions) {
      return name + " before it is a " + type + ", of another number of dimensions";
    }
    if (!norm.hasChannels(layer.outputs())) {
      return "its tensors are not of the "
          + layer.outputs()
          + " channels of "
          + name
          + " before it";
    }
    String reader = calls.reader(module);
    String problem = reader != null ? "its tensors are used by " + reader : calledOnce(module);
    if (problem == null && (calls.isShared(layer.weight()) || calls.isShared(layer.bias()))) {
      problem = "it shares its weights with another module";
    }
    return problem == null ? null : "of " + name + " before it: " + problem;
  }
}
