// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.manager.QuantizationManager;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A module that quantizes its weight, its output, or both, and can be told to stop and start doing
 * so.
 *
 * <p>The switches and the states of the ranges apply to this module alone; {@code
 * dev.octet.quantization.state.QuantizationStates} has the same for a whole model. Changing them
 * while another thread is in {@code forward} has an effect on that call or does not, but never
 * breaks it.
 */
public interface QuantizedModule {
  /** Returns the quantizers and switches that this module runs with. */
  LayerQuantization quantization();

  /** Returns what this module was converted with. */
  default QuantizationConfig quantizationConfig() {
    return quantization().config();
  }

  /** Returns the quantizer of the weight, if the module has one. */
  default Optional<QuantizationManager> weightQuantizer() {
    return quantization().weightQuantizer();
  }

  /** Returns the quantizer of the output, if the module has one. */
  default Optional<QuantizationManager> activationQuantizer() {
    return quantization().activationQuantizer();
  }

  /** Tells whether the weight is quantized at present. */
  default boolean quantizesWeights() {
    return quantization().quantizesWeights();
  }

  /** Tells whether the output is quantized at present. */
  default boolean quantizesActivations() {
    return quantization().quantizesActivations();
  }

  /**
   * Switches both quantizers, those of no bits too: switching such a quantizer on gives the
   * degenerate grid of 0 bits.
   */
  default void setQuantState(boolean weights, boolean activations) {
    quantization().setWeights(weights);
    quantization().setActivations(activations);
  }

  /** Quantizes weights and activations from now on. */
  default void quantized() {
    setQuantState(true, true);
  }

  /** Quantizes nothing from now on. */
  default void fullPrecision() {
    setQuantState(false, false);
  }

  /** Quantizes weights from now on. */
  default void quantizedWeights() {
    quantization().setWeights(true);
  }

  /** Leaves weights as they are from now on. */
  default void fullPrecisionWeights() {
    quantization().setWeights(false);
  }

  /** Quantizes activations from now on. */
  default void quantizedActs() {
    quantization().setActivations(true);
  }

  /** Leaves activations as they are from now on. */
  default void fullPrecisionActs() {
    quantization().setActivations(false);
  }

  /** Quantizes from now on what the configuration has bits for. */
  default void enableQuantStates() {
    QuantizationConfig config = quantizationConfig();
    setQuantState(config.weightQuant().enabled(), config.activationQuant().enabled());
  }

  /** Updates ranges with every batch, in train and in eval mode. */
  default void estimateRanges() {
    forEachQuantizer(QuantizationManager::estimateRanges);
  }

  /** Updates ranges with every batch in train mode, and keeps them in eval mode. */
  default void estimateRangesTrain() {
    forEachQuantizer(QuantizationManager::estimateRangesTrain);
  }

  /** Keeps the ranges as they are; quantizers without ranges go on as before. */
  default void fixRanges() {
    forEachQuantizer(ManagerStates::fixIfInitialized);
  }

  /** Makes the ranges trainable; quantizers without ranges go on as before. */
  default void learnRanges() {
    forEachQuantizer(ManagerStates::learnIfInitialized);
  }

  /** Forgets the ranges; they are estimated anew in train mode. */
  default void resetRanges() {
    forEachQuantizer(QuantizationManager::resetRanges);
  }

  /** Tells whether a quantized weight is kept in eval mode instead of being made at every call. */
  default boolean caching() {
    return quantization().caching();
  }

  /** Chooses whether a quantized weight is kept in eval mode; what is kept now is dropped. */
  default void setCaching(boolean caching) {
    quantization().setCaching(caching);
  }

  private void forEachQuantizer(Consumer<QuantizationManager> action) {
    activationQuantizer().ifPresent(action);
    weightQuantizer().ifPresent(action);
  }
}
