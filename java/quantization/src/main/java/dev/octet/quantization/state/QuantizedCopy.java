// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Copies converted models of Java classes, which only their own code can make. */
public final class QuantizedCopy {
  private QuantizedCopy() {}

  /**
   * Copies a converted model into a new one: parameters, buffers, ranges and their states, switches
   * and modes.
   *
   * @param factory makes a model that is converted alike, with any values
   * @return the factory's model
   * @throws IllegalArgumentException if the factory returns something else than a new model of the
   *     same class
   * @throws StateDictException if its model has other parameters, buffers or quantizers
   */
  public static <M extends Module> M of(M model, Supplier<? extends M> factory) {
    M copy = Objects.requireNonNull(factory.get(), "the model factory returned null");
    if (copy.getClass() != model.getClass() || ModuleTypes.same(model, copy)) {
      throw new IllegalArgumentException(
          "the model factory returned "
              + (copy == model ? "the model itself" : "a " + copy.getClass().getName())
              + "; expected a new "
              + model.getClass().getName()
              + " at each call, converted as the model is");
    }
    Map<String, Tensor> state = StateDict.of(model);
    try {
      StateDict.load(copy, state, "the model");
    } finally {
      state.values().forEach(Tensor::close);
    }
    copyModes(model, copy);
    return copy;
  }

  private static void copyModes(Module from, Module to) {
    Map<String, Module> originals = new LinkedHashMap<>();
    for (ModuleNode node : ModuleTree.of(from).nodes()) {
      originals.put(node.path(), node.module());
    }
    // Parents come first and pass their mode on, so that children have the last word.
    for (ModuleNode node : ModuleTree.of(to).nodes()) {
      Module original = originals.get(node.path());
      Module module = node.module();
      if (original == null) {
        continue;
      }
      if (original.is_training() != module.is_training()) {
        module.train(original.is_training());
      }
      if (original instanceof QuantizedModule source && module instanceof QuantizedModule target) {
        target.setQuantState(source.quantizesWeights(), source.quantizesActivations());
        target.setCaching(source.caching());
      }
      if (original instanceof QuantizationManager source
          && module instanceof QuantizationManager target) {
        RangeStates.set(target, source.state());
      }
    }
  }
}
