// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.tree.CopyContext;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * What every quantized module has beside its layer: the quantizers of output and weight, the
 * switches, and the weight that is kept in eval mode.
 *
 * <p>In eval mode the weight as the forward uses it, quantized or not, is made at the first call
 * and kept (without its gradient history) until the module goes to train mode, a switch of the
 * weights is set, its device or type changes, or {@link #dropCache()} is called. Until then changes
 * of the weight or of its range have no effect on the output.
 *
 * <p>Safe for use by several threads; see {@link QuantizedModule}.
 */
public final class LayerQuantization {
  static final String ACTIVATION_QUANTIZER = "activation_quantizer";
  static final String WEIGHT_QUANTIZER = "weight_quantizer";

  private final QuantizationConfig config;
  private final QuantizationManager activationQuantizer;
  private final QuantizationManager weightQuantizer;
  private final Map<String, Module> children = new LinkedHashMap<>();

  private volatile boolean weights;
  private volatile boolean activations;
  private volatile LayerExecution execution;
  private boolean caching = true;
  private Tensor cache;

  private LayerQuantization(
      QuantizationConfig config,
      QuantizationManager activationQuantizer,
      QuantizationManager weightQuantizer) {
    this.config = config;
    this.activationQuantizer = activationQuantizer;
    this.weightQuantizer = weightQuantizer;
    this.weights = config.weightQuant().enabled();
    this.activations = config.activationQuant().enabled();
  }

  /** Quantizers of output and weight, registered in the module in this order. */
  static LayerQuantization ofWeightAndOutput(Module module, QuantizationConfig config) {
    return new LayerQuantization(
            config,
            Quantizers.ofActivations(config.activationQuant()),
            Quantizers.ofWeights(config.weightQuant()))
        .registerAll(module);
  }

  /** A quantizer of the weight; in the place of the output's stands a module that does nothing. */
  static LayerQuantization ofWeight(Module module, QuantizationConfig config) {
    return new LayerQuantization(config, null, Quantizers.ofWeights(config.weightQuant()))
        .registerAll(module);
  }

  /** A quantizer of the output alone. */
  static LayerQuantization ofOutput(Module module, QuantizationConfig config) {
    return new LayerQuantization(config, Quantizers.ofActivations(config.activationQuant()), null)
        .registerAll(module);
  }

  private LayerQuantization registerAll(Module module) {
    register(
        module,
        ACTIVATION_QUANTIZER,
        activationQuantizer == null ? new FP32Acts() : activationQuantizer);
    if (weightQuantizer != null) {
      register(module, WEIGHT_QUANTIZER, weightQuantizer);
      weightQuantizer.onTrain(this::dropCache);
    }
    return this;
  }

  private void register(Module module, String name, Module child) {
    module.register_module(name, child);
    children.put(name, child);
  }

  /** Copies quantizers, ranges, states, switches and the execution for a copy of the module. */
  LayerQuantization copyFor(Module module, boolean training, CopyContext context) {
    LayerQuantization copy =
        new LayerQuantization(
            config, copy(activationQuantizer, context), copy(weightQuantizer, context));
    copy.weights = weights;
    copy.activations = activations;
    copy.caching = caching();
    module.train(training);
    copy.registerAll(module);
    LayerExecution present = execution;
    copy.execution = present == null ? null : present.copyFor(module, copy, context);
    return copy;
  }

  /** Copies by the context, so that what else of the model refers to a quantizer finds its copy. */
  private static QuantizationManager copy(QuantizationManager manager, CopyContext context) {
    return manager == null ? null : (QuantizationManager) context.copy(manager);
  }

  /** Returns what runs the module's forward in place of simulated floats; null: nothing. */
  public LayerExecution execution() {
    return execution;
  }

  /**
   * Runs the module's forward by something else from now on.
   *
   * @param next null: in simulated floats; taken over, and closed with the module
   * @return what ran it before, handed over to the caller; null: nothing
   */
  public LayerExecution exchangeExecution(LayerExecution next) {
    LayerExecution before = execution;
    execution = next;
    return before;
  }

  /** Runs the forward of the module, whose simulated one is given. */
  Tensor forward(Tensor input, UnaryOperator<Tensor> simulated) {
    LayerExecution present = execution;
    return present == null ? simulated.apply(input) : present.forward(input, simulated);
  }

  /** Frees what the module has beside its tensors, when its Java object lets go of it. */
  void release() {
    dropCache();
    LayerExecution present = exchangeExecution(null);
    if (present != null) {
      present.close();
    }
  }

  /** Returns the quantizers' Java objects by registered name. */
  Map<String, Module> children() {
    return Collections.unmodifiableMap(children);
  }

  QuantizationConfig config() {
    return config;
  }

  /** Returns the quantizer of the output, if there is one. */
  public Optional<QuantizationManager> activationQuantizer() {
    return Optional.ofNullable(activationQuantizer);
  }

  /** Returns the quantizer of the weight, if there is one. */
  public Optional<QuantizationManager> weightQuantizer() {
    return Optional.ofNullable(weightQuantizer);
  }

  /** Tells whether the weight is quantized at present. */
  public boolean quantizesWeights() {
    return weights;
  }

  /** Tells whether the output is quantized at present. */
  public boolean quantizesActivations() {
    return activations;
  }

  void setWeights(boolean on) {
    weights = on;
    dropCache();
  }

  void setActivations(boolean on) {
    activations = on;
  }

  synchronized boolean caching() {
    return caching;
  }

  void setCaching(boolean caching) {
    synchronized (this) {
      this.caching = caching;
    }
    dropCache();
  }

  /** Tells whether a weight is kept at present. */
  public synchronized boolean isCached() {
    return cache != null;
  }

  /** Drops the weight that is kept, so that the next call makes it anew. */
  public void dropCache() {
    dropTensor();
    LayerExecution present = execution;
    if (present != null) {
      present.weightChanged();
    }
  }

  private synchronized void dropTensor() {
    if (cache != null) {
      cache.close();
      cache = null;
    }
  }

  /**
   * Returns the weight as the simulated forward uses it.
   *
   * @return a handle that the caller closes
   */
  Tensor weight(Tensor weight, boolean training) {
    if (training) {
      return make(weight);
    }
    synchronized (this) {
      if (!caching) {
        return make(weight);
      }
      if (cache == null || !sameKind(cache, weight)) {
        dropTensor();
        try (Tensor made = make(weight)) {
          cache = made.detach();
          // It outlives a scope that happens to be open now.
          cache.retainReference();
        }
      }
      return new Tensor(cache);
    }
  }

  private Tensor make(Tensor weight) {
    if (!weights) {
      return new Tensor(weight);
    }
    Tensor quantized = weightQuantizer.forward(weight);
    return quantized == weight ? new Tensor(weight) : quantized;
  }

  private static boolean sameKind(Tensor a, Tensor b) {
    try (Device deviceOfA = a.device();
        Device deviceOfB = b.device()) {
      return a.scalar_type().intern() == b.scalar_type().intern()
          && deviceOfA.type().intern() == deviceOfB.type().intern()
          && deviceOfA.index() == deviceOfB.index();
    }
  }

  /**
   * Returns the output as the module hands it on; takes over the argument, which is closed where it
   * is not the result.
   */
  public Tensor output(Tensor output) {
    if (!activations || activationQuantizer == null) {
      return output;
    }
    try {
      Tensor quantized = activationQuantizer.forward(output);
      if (quantized != output) {
        output.close();
      }
      return quantized;
    } catch (RuntimeException | Error e) {
      output.close();
      throw e;
    }
  }

  /** As {@link #output}, for a tensor that belongs to the caller's caller and stays open. */
  Tensor outputOf(Tensor borrowed) {
    return activations && activationQuantizer != null
        ? activationQuantizer.forward(borrowed)
        : borrowed;
  }
}
