// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.ManagerStates;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Module;

/**
 * Switches quantization on and off in a whole model, and sets the states of its ranges.
 *
 * <p>Each function applies to all quantized modules at and below the one given, those behind
 * wrappers and in containers too. Models without quantized modules are left as they are.
 */
public final class QuantizationStates {
  private QuantizationStates() {}

  /** Quantizes weights and activations from now on, those configured with no bits too. */
  public static void quantized(Module model) {
    forEach(model, QuantizedModule::quantized);
  }

  /** Quantizes nothing from now on: the model computes as the original did. */
  public static void fullPrecision(Module model) {
    forEach(model, QuantizedModule::fullPrecision);
  }

  /** Quantizes weights from now on. */
  public static void quantizedWeights(Module model) {
    forEach(model, QuantizedModule::quantizedWeights);
  }

  /** Leaves weights as they are from now on. */
  public static void fullPrecisionWeights(Module model) {
    forEach(model, QuantizedModule::fullPrecisionWeights);
  }

  /** Quantizes activations from now on. */
  public static void quantizedActs(Module model) {
    forEach(model, QuantizedModule::quantizedActs);
  }

  /** Leaves activations as they are from now on. */
  public static void fullPrecisionActs(Module model) {
    forEach(model, QuantizedModule::fullPrecisionActs);
  }

  /** Switches weights and activations at once. */
  public static void setQuantState(Module model, boolean weights, boolean activations) {
    forEach(model, module -> module.setQuantState(weights, activations));
  }

  /** Quantizes from now on what each module's configuration has bits for. */
  public static void enableQuantStates(Module model) {
    forEach(model, QuantizedModule::enableQuantStates);
  }

  /** Updates all ranges with every batch, in train and in eval mode. */
  public static void estimateRanges(Module model) {
    forEach(model, QuantizedModule::estimateRanges);
  }

  /** Updates all ranges with every batch in train mode, and keeps them in eval mode. */
  public static void estimateRangesTrain(Module model) {
    forEach(model, QuantizedModule::estimateRangesTrain);
  }

  /** Updates the activations' ranges with every batch, in train and in eval mode. */
  public static void estimateActRanges(Module model) {
    forEachActivation(model, QuantizationManager::estimateRanges);
  }

  /** Keeps all ranges as they are; quantizers without ranges go on as before. */
  public static void fixRanges(Module model) {
    forEach(model, QuantizedModule::fixRanges);
  }

  /** Keeps the activations' ranges; quantizers without ranges go on as before. */
  public static void fixActRanges(Module model) {
    forEachActivation(model, ManagerStates::fixIfInitialized);
  }

  /** Keeps the weights' ranges; quantizers without ranges go on as before. */
  public static void fixWeightRanges(Module model) {
    forEach(model, module -> module.weightQuantizer().ifPresent(ManagerStates::fixIfInitialized));
  }

  /** Makes all ranges trainable; quantizers without ranges go on as before. */
  public static void learnRanges(Module model) {
    forEach(model, QuantizedModule::learnRanges);
  }

  /** Forgets the activations' ranges; they are estimated anew in train mode. */
  public static void resetActRanges(Module model) {
    forEachActivation(model, QuantizationManager::resetRanges);
  }

  /** Forgets all ranges; they are estimated anew in train mode. */
  public static void resetRanges(Module model) {
    forEach(model, QuantizedModule::resetRanges);
  }

  /** Returns the quantized modules of a model, each once, in pre-order. */
  public static List<QuantizedModule> quantizedModules(Module model) {
    List<QuantizedModule> modules = new ArrayList<>();
    for (ModuleNode node : ModuleTree.of(Objects.requireNonNull(model, "model")).nodes()) {
      if (node.sameAs() == null && node.module() instanceof QuantizedModule quantized) {
        modules.add(quantized);
      }
    }
    return modules;
  }

  private static void forEach(Module model, Consumer<QuantizedModule> action) {
    quantizedModules(model).forEach(action);
  }

  private static void forEachActivation(Module model, Consumer<QuantizationManager> action) {
    forEach(model, module -> module.activationQuantizer().ifPresent(action));
  }
}
