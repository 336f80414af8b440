// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Quantizes the parts of a concatenation instead of the whole, where what makes a part can store
 * the codes in its own pass: the concatenation then moves bytes. Parts that are codes on other
 * grids, or that others take as floats, it converts itself.
 */
final class ConcatCodes {
  private ConcatCodes() {}

  /**
   * Puts quantizations in front of a concatenation whose result is quantized.
   *
   * @param storesCodes whether an operation can store codes
   * @return whether there was a part for which that is so
   */
  static boolean apply(
      Draft draft,
      DraftOperation concat,
      DraftOperation quantize,
      Map<DraftValue, List<DraftOperation>> uses,
      Map<DraftValue, DraftOperation> producers,
      Predicate<DraftOperation> storesCodes) {
    boolean changed = false;
    DraftValue codes = quantize.out();
    for (DraftValue part : List.copyOf(concat.inputs().values())) {
      DraftOperation producer = producers.get(part);
      boolean alone = uses.get(part).size() == 1 && !draft.isOutput(part);
      if (!part.isFloat() || producer == null || !alone || !storesCodes.test(producer)) {
        continue;
      }
      DraftOperation before = new DraftOperation("quantize", quantize.origin()).input("x", part);
      before.out(
          DraftValue.of(
              draft.unique(part.name() + "_codes"), codes.type(), codes.grid(), part.sizes()));
      draft.operations().add(draft.operations().indexOf(concat), before);
      concat.replaceInputs(value -> value == part ? before.out() : value);
      changed = true;
    }
    return changed;
  }
}
