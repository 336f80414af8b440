// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.nio.ByteBuffer;

/** Constants with their elements in another order. */
final class ConstantOrder {
  private ConstantOrder() {}

  /**
   * Returns a constant with the dimensions in another order.
   *
   * @param shape the sizes of the constant, of which there may be more than it says itself
   * @param order for each dimension of the result which one it is
   * @param sizes of the result
   */
  static DraftValue change(
      Draft draft, DraftValue constant, long[] shape, int[] order, Sizes sizes) {
    int item = constant.type().byteSize();
    ByteBuffer from = constant.data().duplicate();
    ByteBuffer to = ByteBuffer.allocateDirect(from.remaining()).order(constant.data().order());
    long[] steps = new long[shape.length];
    long step = item;
    for (int i = shape.length - 1; i >= 0; i--) {
      steps[i] = step;
      step *= shape[i];
    }
    copy(from, from.position(), shape, steps, order, 0, item, to);
    to.flip();
    String name = soleUse(draft, constant) ? constant.name() : draft.unique(constant.name());
    return DraftValue.constant(name, constant.type(), constant.grid(), sizes, to);
  }

  private static boolean soleUse(Draft draft, DraftValue constant) {
    return draft.operations().stream()
            .flatMap(operation -> operation.inputs().values().stream())
            .filter(value -> value == constant)
            .count()
        == 1;
  }

  private static void copy(
      ByteBuffer from,
      long at,
      long[] shape,
      long[] steps,
      int[] order,
      int depth,
      int item,
      ByteBuffer to) {
    if (depth == order.length) {
      for (int i = 0; i < item; i++) {
        to.put(from.get((int) at + i));
      }
      return;
    }
    int dimension = order[depth];
    for (long i = 0; i < shape[dimension]; i++) {
      copy(from, at + i * steps[dimension], shape, steps, order, depth + 1, item, to);
    }
  }
}
