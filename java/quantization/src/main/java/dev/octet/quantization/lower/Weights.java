// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The weight of a layer as its forward uses it.
 *
 * @param module null for a layer that is not converted
 * @param tensor the weight itself; borrowed
 * @param name of the constant
 */
record Weights(QuantizedModule module, Tensor tensor, String name) {
  /** Returns the quantizer, or null if the weight is used as it is. */
  private QuantizationManager quantizer() {
    return module != null && module.quantizesWeights()
        ? module.weightQuantizer().orElse(null)
        : null;
  }

  /** Tells whether the weight is on a grid whose codes are bytes. */
  boolean isInteger() {
    return quantizer() != null && QuantizerGrids.isInteger(quantizer());
  }

  /** Says in words why the weight is no integers. */
  String whyFloat() {
    return quantizer() == null
        ? "its weight is not quantized"
        : "weights of " + quantizer().options().nBits() + " bits are simulated in floats";
  }

  /** Returns the codes of the weight. */
  DraftValue codes(Call call) {
    return call.constants()
        .shared(
            key("codes"),
            () -> {
              Grid grid = QuantizerGrids.grid(quantizer(), 0, call.origin());
              ElementType type = QuantizerGrids.type(grid);
              try (Tensor codes =
                  quantizer()
                      .quantizer()
                      .toCodes(
                          tensor, type == ElementType.S8 ? ScalarType.Char : ScalarType.Byte)) {
                return call.constants().codes(name, codes, type, grid, call.runs());
              }
            });
  }

  /** Returns the weight in floats, on its grid if it has one. */
  DraftValue floats(Call call) {
    return call.constants()
        .shared(
            key("floats"),
            () -> {
              if (quantizer() == null) {
                return call.constants().plain(name, tensor, call.runs());
              }
              try (Tensor simulated = quantizer().quantizer().forward(tensor)) {
                return call.constants().plain(name, simulated, call.runs());
              }
            });
  }

  private String key(String form) {
    return form + "@" + name;
  }

  /** Returns the attribute for the bits at which kernels keep codes. */
  static long storedBits(DraftValue codes) {
    return QuantizerGrids.fitsHalfByte(codes.grid()) ? 4 : 8;
  }
}
