// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.AlphaDropoutImpl;
import org.bytedeco.pytorch.Dropout2dImpl;
import org.bytedeco.pytorch.Dropout3dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.FeatureAlphaDropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;

/**
 * Removes calls that hand their argument on as it is: of Identity modules, and of dropout that is
 * not active.
 *
 * <p>The modules stay in the tree; only the graphs' nodes go. Dropout counts as inactive by the
 * mode that its module is in now, so that a model that is cleaned up in eval mode does not drop
 * anything when it is trained later.
 */
public final class InactiveCalls {

  private static final Set<String> DROPOUTS =
      Set.of(
          "aten::dropout",
          "aten::dropout_",
          "aten::feature_dropout",
          "aten::feature_dropout_",
          "aten::alpha_dropout",
          "aten::alpha_dropout_",
          "aten::feature_alpha_dropout",
          "aten::feature_alpha_dropout_");

  private static final Map<Class<?>, ToDoubleFunction<Module>> PROBABILITIES =
      Map.of(
          DropoutImpl.class, module -> ((DropoutImpl) module).options().p().get(),
          Dropout2dImpl.class, module -> ((Dropout2dImpl) module).options().p().get(),
          Dropout3dImpl.class, module -> ((Dropout3dImpl) module).options().p().get(),
          AlphaDropoutImpl.class, module -> ((AlphaDropoutImpl) module).options().p().get(),
          FeatureAlphaDropoutImpl.class,
              module -> ((FeatureAlphaDropoutImpl) module).options().p().get());

  private InactiveCalls() {}

  /**
   * Remove the calls in all graphs of a model, in place.
   *
   * @param model any model; no run of it may be going on
   * @return how many nodes were removed
   */
  public static int remove(Module model) {
    int[] count = {0};
    GraphMethods.edit(model, (graph, editor) -> count[0] += remove(graph, editor));
    return count[0];
  }

  private static int remove(GraphModule graph, GraphEditor editor) {
    int count = 0;
    for (GraphNode node : editor.nodes()) {
      if (isInactive(graph, node)) {
        // The arguments may have been replaced since.
        Object argument = editor.producer(node.result()).arguments().get(0);
        editor.replaceUses(node.result(), argument);
        editor.erase(node.result());
        count++;
      }
    }
    return count;
  }

  private static boolean isInactive(GraphModule graph, GraphNode node) {
    return switch (node.kind()) {
      case CALL_FUNCTION ->
          DROPOUTS.contains(node.target())
              && (Boolean.FALSE.equals(node.arguments().get(2))
                  || Double.valueOf(0).equals(node.arguments().get(1)));
      case CALL_MODULE -> node.arguments().size() == 1 && isInactive(graph.child(node.target()));
      default -> false;
    };
  }

  private static boolean isInactive(Module module) {
    ToDoubleFunction<Module> probability = PROBABILITIES.get(module.getClass());
    return module.getClass() == IdentityImpl.class
        || probability != null && (!module.is_training() || probability.applyAsDouble(module) == 0);
  }
}
