// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Moves the difficulty of quantization from inputs of Linear layers into their weights: features of
 * the input that are much larger than the others, and leave these few steps of a common grid, are
 * divided by a factor each, by which the weight's columns are multiplied (SmoothQuant, Xiao et al.,
 * 2023).
 *
 * <p>With a strength a, the factor of a feature is its largest magnitude to the power of a, over
 * that of its column of the weight to the power of 1 - a, rounded to a power of two. So the model
 * in floats still computes the same bits, as long as nothing underflows. Larger strengths make
 * inputs more even, and weights less.
 *
 * <p>Layers that take the same value share the factors. The multiplication becomes a node of the
 * graph that calls the layers, with a constant that is in no state dict: load a saved state into a
 * model that was smoothed alike. Lowering lets what makes the input multiply it in its own pass
 * where it can.
 */
public final class ActivationSmoothing {
  private static final double LEAST = 1e-5;

  private final GraphModule model;
  private final Map<String, Double> strengths;
  private final Map<String, LinearImpl> layers = new LinkedHashMap<>();
  private final Set<String> smoothed = new HashSet<>();

  /** Layers that are called with one value in one method. */
  private record Group(GraphValue input, List<GraphNode> calls, List<String> paths) {}

  private ActivationSmoothing(GraphModule model, Map<String, Double> strengths) {
    this.model = model;
    this.strengths = strengths;
  }

  /**
   * Smooth the inputs of layers of a model in place, before it is converted.
   *
   * @param model a graph in floats, in eval mode
   * @param strengths by dotted path of Linear layers, each called in one graph and sharing its
   *     weight with nobody: 0 to 1, 0.5 suits most, more suits inputs with few very large values
   * @param batches inputs as the model will meet them
   * @param run runs a model like the given one on a batch
   * @throws IllegalArgumentException if a path does not name such a layer, or a strength is out of
   *     range; the model is unchanged then
   */
  public static <B> void smooth(
      GraphModule model,
      Map<String, Double> strengths,
      Iterable<B> batches,
      BiConsumer<? super GraphModule, ? super B> run) {
    Objects.requireNonNull(model, "model");
    var smoothing = new ActivationSmoothing(model, new LinkedHashMap<>(strengths));
    smoothing.check();
    InputObserver observer = new InputObserver();
    try (NoGradGuard noGrad = new NoGradGuard()) {
      GraphModule observed = smoothing.observed(observer);
      observed.eval();
      batches.forEach(batch -> run.accept(observed, batch));
      smoothing.layers.keySet().forEach(observer::greatest);
      smoothing.apply(observer);
    }
  }

  private void check() {
    for (Map.Entry<String, Double> entry : strengths.entrySet()) {
      double strength = entry.getValue();
      if (!(strength >= 0 && strength <= 1)) {
        throw new IllegalArgumentException(
            "the strength of '" + entry.getKey() + "' is " + strength + "; expected 0 to 1");
      }
      Module module = model.child(entry.getKey());
      if (!(module instanceof LinearImpl linear) || module.getClass() != LinearImpl.class) {
        throw new IllegalArgumentException(
            "module '"
                + entry.getKey()
                + "' is a "
                + module.getClass().getSimpleName()
                + "; expected a Linear that is not yet converted");
      }
      layers.put(entry.getKey(), linear);
    }
    ModelCalls calls = ModelCalls.of(ModuleTree.of(model));
    layers.forEach(
        (path, layer) -> {
          List<CallSite> sites = calls.sites(layer);
          try (Tensor weight = layer.weight()) {
            if (sites.size() != 1
                || !(sites.get(0) instanceof CallSite.InGraph)
                || calls.isShared(weight)
                || calls.reader(layer) != null) {
              throw new IllegalArgumentException(
                  "module '"
                      + path
                      + "' is not called at one place of a graph, or shares its weight; expected a"
                      + " layer whose weight is used by one call alone");
            }
          }
        });
  }

  private GraphModule observed(InputObserver observer) {
    QuantizationMap.Builder map = QuantizationMap.builder();
    layers
        .keySet()
        .forEach(
            path ->
                map.instance(
                    path, new QuantizedModuleConfig(observer, QuantizationConfig.ofBits(8, 8))));
    return (GraphModule) Conversion.convertToQuantized(model, map.build());
  }

  private void apply(InputObserver observer) {
    GraphMethods.graphs(model)
        .forEach(
            (path, graph) -> {
              for (String name : List.copyOf(graph.methods().keySet())) {
                GraphEditor editor = new GraphEditor(graph.methods().get(name));
                groups(path, editor).forEach(group -> apply(graph, editor, group, observer));
                if (editor.isChanged()) {
                  graph.replaceMethod(name, editor.method());
                }
              }
            });
    if (!smoothed.containsAll(layers.keySet())) {
      throw new IllegalStateException("some layers were not found in the graphs that call them");
    }
  }

  private List<Group> groups(String path, GraphEditor editor) {
    Map<GraphValue, Group> groups = new IdentityHashMap<>();
    List<Group> ordered = new ArrayList<>();
    String prefix = path.isEmpty() ? "" : path + ".";
    for (GraphNode node : editor.nodes()) {
      boolean calls = node.kind() == GraphNode.Kind.CALL_MODULE;
      if (!calls || !layers.containsKey(prefix + node.target())) {
        continue;
      }
      GraphValue input = (GraphValue) node.arguments().get(0);
      Group group = groups.get(input);
      if (group == null || !editor.inSameBlock(group.calls().get(0).result(), node.result())) {
        group = new Group(input, new ArrayList<>(), new ArrayList<>());
        groups.put(input, group);
        ordered.add(group);
      }
      group.calls().add(node);
      group.paths().add(prefix + node.target());
    }
    return ordered;
  }

  private void apply(GraphModule graph, GraphEditor editor, Group group, InputObserver observer) {
    try (Tensor factors = factors(group, observer);
        Tensor inverse = factors.reciprocal()) {
      for (String path : group.paths()) {
        try (Tensor weight = layers.get(path).weight()) {
          weight.mul_(factors).close();
        }
        smoothed.add(path);
      }
      String name = unusedName(graph, group.calls().get(0).name() + "_smoothing");
      graph.addConstant(name, inverse);
      GraphValue first = group.calls().get(0).result();
      GraphValue constant =
          editor.insertBefore(
              first, name, GraphNode.Kind.GET_ATTRIBUTE, name, Collections.emptyList(), null);
      GraphValue product =
          editor.insertFunction(first, "aten::mul.Tensor", List.of(group.input(), constant), null);
      for (GraphNode call : group.calls()) {
        List<Object> arguments = new ArrayList<>(call.arguments());
        arguments.set(0, product);
        GraphValue other =
            editor.insertBefore(
                call.result(), call.name(), call.kind(), call.target(), arguments, call.source());
        editor.replaceUses(call.result(), other);
        editor.erase(call.result());
      }
    }
  }

  private static String unusedName(GraphModule graph, String name) {
    String unused = name;
    for (int i = 1; graph.attributes().containsKey(unused); i++) {
      unused = name + "_" + i;
    }
    return unused;
  }

  /** Returns by what features are divided: f32 [in_features]. */
  private Tensor factors(Group group, InputObserver observer) {
    double[] sizes = null;
    double[] columns = null;
    double strength = 0;
    for (String path : group.paths()) {
      sizes = InputObserver.largest(sizes, observer.greatest(path));
      try (Tensor weight = layers.get(path).weight();
          Tensor magnitudes = weight.abs();
          Tensor greatest = magnitudes.amax(new long[] {0}, false)) {
        columns = InputObserver.largest(columns, InputObserver.doubles(greatest));
      }
      strength = Math.max(strength, strengths.get(path));
    }
    float[] factors = new float[sizes.length];
    for (int i = 0; i < factors.length; i++) {
      double input = Math.max(sizes[i], LEAST);
      double weight = Math.max(columns[i], LEAST);
      double factor = Math.pow(input, strength) / Math.pow(weight, 1 - strength);
      factors[i] = sizes[i] == 0 ? 1 : Math.scalb(1f, (int) Math.rint(log2(factor)));
    }
    return Tensor.create(factors);
  }

  private static double log2(double x) {
    return Math.log(x) / Math.log(2);
  }
}
