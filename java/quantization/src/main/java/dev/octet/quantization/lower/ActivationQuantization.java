// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;

/** Puts values on the grids of activation quantizers, as the simulated model does. */
final class ActivationQuantization {
  private ActivationQuantization() {}

  /** Returns the output of a module as it hands it on. */
  static DraftValue output(Call call, QuantizedModule module, DraftValue output) {
    QuantizationManager manager = module.activationQuantizer().orElse(null);
    return manager == null || !module.quantizesActivations()
        ? output
        : quantize(call, manager, output);
  }

  /** Returns the name for the output of a module's layer, before its quantizer. */
  static String nameBefore(Call call, QuantizedModule module) {
    boolean quantizes =
        module != null && module.quantizesActivations() && module.activationQuantizer().isPresent();
    return quantizes ? call.name() + "_float" : call.name();
  }

  /** Returns a value on the grid of a quantizer. */
  static DraftValue quantize(Call call, QuantizationManager manager, DraftValue x) {
    Grid grid = QuantizerGrids.grid(manager, 0, call.origin());
    if (!grid.isPerTensor()) {
      throw new UnsupportedOperator(
          "its activation quantizer has " + grid.count() + " steps; kernels take one for a tensor");
    }
    ElementType type = QuantizerGrids.type(grid);
    if (x.isOnGrid() && x.grid().equals(grid)) {
      return x;
    }
    if (type != ElementType.S32) {
      DraftOperation operation =
          call.operation(x.isOnGrid() ? "requantize" : "quantize")
              .input("x", x.isOnGrid() ? x : call.floats(x));
      return call.finish(operation, call.name(), type, grid, x.sizes());
    }
    String reason = "activations of " + manager.options().nBits() + " bits are simulated in floats";
    DraftValue codes =
        call.finish(
            call.operation("quantize").input("x", call.floats(x)).reason(reason),
            call.name() + "_codes",
            type,
            grid,
            x.sizes());
    return call.finish(
        call.operation("dequantize")
            .input("x", codes)
            .reason(reason)
            .advise(
                "give the activations of '"
                    + call.origin().path()
                    + "' at most "
                    + QuantizerGrids.MOST_INTEGER_BITS
                    + " bits for integers"),
        call.name(),
        ElementType.F32,
        null,
        x.sizes());
  }
}
