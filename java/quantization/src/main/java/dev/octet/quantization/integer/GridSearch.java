// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantConv2d;
import dev.octet.quantization.module.QuantEmbedding;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.CopyContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Finds out on which quantizer's grid the inputs of layers lie, by running the simulated model and
 * trying the quantizers that ran before: one whose grid has every value of every input as it is,
 * bit for bit, and among several the one that ran last.
 */
final class GridSearch {
  private static final int SAMPLE = 1 << 12;

  /** What was seen of the inputs of a layer. */
  static final class Inputs {
    private int calls;
    private boolean informative;
    private List<InputGrid> grids;
    private final Set<String> sources = new LinkedHashSet<>();

    /** Tells whether the layer was run at all. */
    boolean seen() {
      return calls > 0;
    }

    /** Tells whether any value other than zero came. */
    boolean informative() {
      return informative;
    }

    /** Returns what the quantizers belong to whose grids had all values of some input. */
    Set<String> sources() {
      return sources;
    }

    /** Returns the quantizers whose grids have all inputs; the likeliest first. */
    List<InputGrid> grids() {
      return informative ? List.copyOf(grids) : List.of();
    }
  }

  private final Map<Module, Inputs> found = new IdentityHashMap<>();
  private final Map<QuantizationManager, String> sources = new IdentityHashMap<>();
  private final Map<QuantizationManager, Long> lastRun = new IdentityHashMap<>();
  private long clock;

  /**
   * Runs examples through a model, whose quantized modules run in simulated floats meanwhile.
   *
   * @param layers the quantized modules of the model by path
   */
  static GridSearch run(
      Module model, Map<QuantizedModule, String> layers, List<Consumer<? super Module>> examples) {
    GridSearch search = new GridSearch();
    Map<LayerQuantization, LayerExecution> before = new IdentityHashMap<>();
    try (NoGradGuard guard = new NoGradGuard()) {
      layers.forEach(
          (layer, path) -> {
            search.register(layer, path);
            LayerQuantization quantization = layer.quantization();
            before.put(quantization, quantization.exchangeExecution(search.new Probe(layer)));
          });
      examples.forEach(example -> example.accept(model));
    } finally {
      before.forEach(LayerQuantization::exchangeExecution);
    }
    return search;
  }

  /** Returns what was seen of the inputs of a layer. */
  Inputs of(QuantizedModule layer) {
    return found.getOrDefault((Module) layer, new Inputs());
  }

  private void register(QuantizedModule layer, String path) {
    layer.activationQuantizer().ifPresent(manager -> sources.put(manager, "'" + path + "'"));
    if (layer instanceof QuantEmbedding) {
      layer
          .weightQuantizer()
          .ifPresent(manager -> sources.put(manager, "the table of '" + path + "'"));
    }
    if (layer instanceof QuantLinear || layer instanceof QuantConv2d) {
      found.put((Module) layer, new Inputs());
    }
  }

  private void input(Inputs inputs, Tensor x) {
    inputs.calls++;
    if (x.scalar_type().value != ScalarType.Float.value || x.numel() == 0) {
      if (x.numel() > 0) {
        inputs.grids = List.of();
        inputs.informative = true;
      }
      return;
    }
    boolean informative;
    try (Tensor nonzero = torch.count_nonzero(x)) {
      informative = nonzero.item_long() > 0;
    }
    inputs.informative |= informative;
    List<InputGrid> fitting = new ArrayList<>();
    for (QuantizationManager manager : lastRun.keySet()) {
      InputGrid candidate = new InputGrid(manager, sources.get(manager));
      if (holds(candidate, x)) {
        fitting.add(candidate);
      }
    }
    fitting.sort(Comparator.comparingLong(grid -> -lastRun.get(grid.manager())));
    if (informative && !fitting.isEmpty()) {
      inputs.sources.add(fitting.get(0).source());
    }
    inputs.grids =
        inputs.grids == null ? fitting : inputs.grids.stream().filter(fitting::contains).toList();
  }

  /** Most wrong ones are seen to be wrong by a few values. */
  private static boolean holds(InputGrid candidate, Tensor x) {
    try (Tensor flat = x.flatten();
        Tensor few = flat.narrow(0, 0, Math.min(SAMPLE, flat.size(0)))) {
      return InputGrid.holds(few, candidate.of(few))
          && (flat.size(0) <= SAMPLE || InputGrid.holds(flat, candidate.of(flat)));
    }
  }

  /** Runs a module in simulated floats, and sees what goes in and which quantizers run. */
  private final class Probe implements LayerExecution {
    private final QuantizedModule layer;

    Probe(QuantizedModule layer) {
      this.layer = layer;
    }

    @Override
    public Tensor forward(Tensor input, UnaryOperator<Tensor> simulated) {
      Inputs inputs = found.get((Module) layer);
      if (inputs != null && input != null && input.defined()) {
        input(inputs, input);
      }
      Tensor output = simulated.apply(input);
      if (layer.quantizesActivations()) {
        layer.activationQuantizer().ifPresent(this::ran);
      }
      if (layer instanceof QuantEmbedding && layer.quantizesWeights()) {
        layer.weightQuantizer().ifPresent(this::ran);
      }
      return output;
    }

    private void ran(QuantizationManager manager) {
      if (manager.isInitialized() && manager.quantizer().delta().numel() == 1) {
        lastRun.put(manager, ++clock);
      }
    }

    @Override
    public void weightChanged() {}

    @Override
    public LayerExecution copyFor(
        Module copy, LayerQuantization quantization, CopyContext context) {
      throw new IllegalStateException("the model is copied while examples run through it");
    }

    @Override
    public void close() {}
  }
}
