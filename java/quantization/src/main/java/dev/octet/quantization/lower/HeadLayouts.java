// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Lets attention read queries, keys and values as the layers make them, [batch, tokens, heads,
 * dim], and write its result in this order, instead of changing the order around it.
 */
final class HeadLayouts {
  private static final String[] OPERANDS = {"q", "k", "v"};

  private HeadLayouts() {}

  /** Changes one attention. */
  static boolean apply(
      Draft draft,
      DraftOperation attention,
      Map<DraftValue, List<DraftOperation>> uses,
      Map<DraftValue, DraftOperation> producers) {
    DraftValue out = attention.out();
    List<DraftOperation> users = uses.getOrDefault(out, List.of());
    if (draft.isOutput(out) || users.size() != 1 || !swapsHeads(users.get(0))) {
      return false;
    }
    for (String operand : OPERANDS) {
      if (!swapsHeads(producers.get(attention.input(operand)))) {
        return false;
      }
    }
    for (String operand : OPERANDS) {
      DraftValue value = attention.input(operand);
      attention.input(operand, producers.get(value).input("x"));
    }
    DraftOperation after = users.get(0);
    attention.set("layout", "bthd").out(after.out());
    draft.operations().remove(after);
    return true;
  }

  private static boolean swapsHeads(DraftOperation operation) {
    return operation != null
        && operation.is("transpose")
        && Arrays.equals((long[]) operation.attribute("order"), new long[] {0, 2, 1, 3});
  }
}
