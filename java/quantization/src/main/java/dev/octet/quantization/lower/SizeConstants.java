// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import dev.octet.quantization.kernel.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Tensors that follow from the sizes of the inputs alone, such as positions, causal masks and
 * distances, and for which programs have no operation: the tensor for the greatest sizes is a
 * constant, of which a run takes the first rows, columns and so on. That holds for what has the
 * same elements at the same places whatever the sizes are, which is checked with all recorded runs.
 */
final class SizeConstants {
  /** No constant that is made without being asked for takes more. */
  private static final long MOST_BYTES = 16 << 20;

  private final GraphModule graph;
  private final GraphMethod method;
  private final ExampleInputs inputs;
  private final LoweringOptions options;

  SizeConstants(
      GraphModule graph, GraphMethod method, ExampleInputs inputs, LoweringOptions options) {
    this.graph = graph;
    this.method = method;
    this.inputs = inputs;
    this.options = options;
  }

  /**
   * Lowers a node that depends on no elements of inputs.
   *
   * @throws UnsupportedOperator if it is another tensor for other sizes
   */
  DraftValue of(GraphNode node, Call call) {
    Sizes sizes = call.sizes();
    String[] symbols = new String[sizes.rank()];
    Set<String> all = new TreeSet<>();
    boolean[] alike = new boolean[sizes.rank()];
    for (int i = 0; i < symbols.length; i++) {
      alike[i] = isAlike(call.recorded(), i);
      if (!alike[i] && !sizes.get(i).isFixed()) {
        symbols[i] = symbol(sizes.get(i));
        all.add(symbols[i]);
      }
    }
    try (Tensor greatest = greatest(node, call, symbols, all, alike)) {
      for (String symbol : all) {
        int axis = Arrays.asList(symbols).indexOf(symbol);
        call.draft()
            .note(
                "node '"
                    + call.name()
                    + "' is made for at most "
                    + greatest.size(axis)
                    + " '"
                    + symbol
                    + "'; LoweringOptions.maximum(\""
                    + symbol
                    + "\", n) sets another limit");
      }
      return taken(call, sizes, symbols, greatest);
    }
  }

  /** Tells whether everything along a dimension is the same, in all runs. */
  private static boolean isAlike(List<?> recorded, int dimension) {
    for (Object run : recorded) {
      try (Tensor first = ((Tensor) run).narrow(dimension, 0, 1);
          Tensor repeated = first.expand_as((Tensor) run)) {
        if (!TensorBytes.same(repeated, (Tensor) run)) {
          return false;
        }
      }
    }
    return true;
  }

  private String symbol(Extent size) {
    for (String symbol : options.exampleSizes().keySet()) {
      if (inputs.extent(symbol).equals(size)) {
        return symbol;
      }
    }
    throw new UnsupportedOperator(
        "it has a dimension of "
            + size
            + ", which follows from sizes of inputs and is none of them");
  }

  /** Finds the greatest sizes at which the node makes what it makes in the recorded runs. */
  private Tensor greatest(
      GraphNode node, Call call, String[] symbols, Set<String> all, boolean[] alike) {
    long least = 0;
    long most = 1;
    for (String symbol : all) {
      for (int run = 0; run < call.runs(); run++) {
        least = Math.max(least, inputs.extent(symbol).run(run));
      }
      most = Math.max(most, options.maximum(symbol));
    }
    // Tables and buffers of the model may end before: then the greatest sizes that they allow.
    Tensor best = made(node, call, symbols, all, alike, most);
    long works = best == null ? least - 1 : most;
    long fails = most;
    while (best == null && fails > least || best != null && fails > works + 1) {
      long middle = best == null && fails == most ? least : (works + fails) / 2;
      Tensor next = made(node, call, symbols, all, alike, middle);
      if (next == null) {
        fails = middle;
      } else {
        if (best != null) {
          best.close();
        }
        best = next;
        works = middle;
      }
    }
    if (best == null) {
      throw new UnsupportedOperator(
          "programs have nothing for this operator, and what it makes at a place is another for"
              + " other sizes of the inputs",
          "lower with these sizes fixed");
    }
    return best;
  }

  /** Returns what the node makes at a size; null if that is another, or too large. */
  private Tensor made(
      GraphNode node, Call call, String[] symbols, Set<String> all, boolean[] alike, long size) {
    Map<String, Long> sizes = options.exampleSizes();
    all.forEach(symbol -> sizes.put(symbol, Math.min(size, options.maximum(symbol))));
    Tensor made = run(node, sizes);
    if (made == null) {
      return null;
    }
    Tensor kept = made;
    for (int i = 0; i < symbols.length; i++) {
      boolean whole = symbols[i] == null || kept.size(i) == sizes.get(symbols[i]);
      if (!whole) {
        kept.close();
        return null;
      }
      if (alike[i] && kept.size(i) > 1) {
        Tensor one = kept.narrow(i, 0, 1);
        kept.close();
        kept = one;
      }
    }
    boolean asked = all.stream().allMatch(options::hasMaximum);
    if (!asked && kept.nbytes() > MOST_BYTES || !hasAll(kept, call.recorded())) {
      kept.close();
      return null;
    }
    return kept;
  }

  private Tensor run(GraphNode node, Map<String, Long> sizes) {
    Set<GraphValue> needed = Collections.newSetFromMap(new IdentityHashMap<>());
    needed.add(node.result());
    List<GraphNode> nodes = new ArrayList<>();
    for (int i = method.nodes().size() - 1; i >= 0; i--) {
      GraphNode other = method.nodes().get(i);
      if (needed.contains(other.result()) || other.kind() == GraphNode.Kind.INPUT) {
        nodes.add(0, other);
        GraphValues.used(other, needed::add);
      }
    }
    List<Tensor> arguments = new ArrayList<>();
    GraphMethod before = graph.methods().get(GraphMethod.FORWARD);
    graph.replaceMethod(
        GraphMethod.FORWARD, new GraphMethod(method.inputs(), nodes, node.result()));
    try (NoGradGuard guard = new NoGradGuard()) {
      method.inputNames().forEach(name -> arguments.add(inputs.tensor(name, sizes)));
      return (Tensor) graph.forwardAny(arguments.toArray());
    } catch (RuntimeException tooLarge) {
      return null;
    } finally {
      graph.replaceMethod(GraphMethod.FORWARD, before);
      for (Tensor argument : arguments) {
        if (argument != null) {
          argument.close();
        }
      }
    }
  }

  /** Tells whether the first elements are those of every run. */
  private static boolean hasAll(Tensor greatest, List<?> recorded) {
    for (Object run : recorded) {
      long[] shape = Tensors.shape((Tensor) run);
      Tensor part = new Tensor(greatest);
      for (int i = 0; i < shape.length; i++) {
        if (part.size(i) != 1) {
          if (part.size(i) < shape[i]) {
            part.close();
            return false;
          }
          Tensor narrowed = part.narrow(i, 0, shape[i]);
          part.close();
          part = narrowed;
        }
      }
      try (Tensor first = part;
          Tensor whole = first.expand_as((Tensor) run)) {
        if (!TensorBytes.same(whole, (Tensor) run)) {
          return false;
        }
      }
    }
    return true;
  }

  private DraftValue taken(Call call, Sizes sizes, String[] symbols, Tensor greatest) {
    DraftValue at = call.constants().plain(call.name() + ".greatest", greatest, call.runs());
    for (int i = 0; i < symbols.length; i++) {
      if (symbols[i] == null) {
        continue;
      }
      DraftValue like = like(call, sizes.get(i));
      DraftOperation slice =
          call.operation("slice")
              .input("x", at)
              .input("like", like)
              .set("axis", (long) i)
              .set("like_axis", (long) place(like, sizes.get(i)));
      Sizes cut = at.sizes().replaced(i, i + 1, sizes.get(i));
      at = ShapeRules.moved(call, slice, at, call.name() + "_" + symbols[i], cut);
    }
    return at.sizes().equals(sizes) ? at : ExpandSteps.apply(call, at, call.name(), sizes);
  }

  private static DraftValue like(Call call, Extent size) {
    return call.draft().inputs().stream()
        .filter(input -> place(input, size) >= 0)
        .findFirst()
        .orElseThrow();
  }

  private static int place(DraftValue value, Extent size) {
    for (int i = 0; i < value.sizes().rank(); i++) {
      if (value.sizes().get(i).equals(size)) {
        return i;
      }
    }
    return -1;
  }
}
