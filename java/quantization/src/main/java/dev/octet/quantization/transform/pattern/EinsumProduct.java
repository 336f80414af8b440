// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * An {@code einsum} of two operands that is a product of matrices, of equal batch dimensions.
 *
 * <p>With b the batch dimensions: operand {@code rows} is {@code [b, i, d]} after a permutation,
 * the other is {@code [b, j, d]}, and their product over d has the dimensions {@code [b, i, j]} in
 * some order.
 *
 * @param open whether the batch dimensions are an ellipsis in front, and the permutations those of
 *     the last two dimensions
 * @param rowsOrder the permutation that makes {@code [b, i, d]} of the operand with the rows
 * @param columnsOrder the permutation that makes {@code [b, j, d]} of the other operand
 * @param resultOrder the permutation that makes the result of {@code [b, i, j]}
 */
record EinsumProduct(
    boolean open, List<Long> rowsOrder, List<Long> columnsOrder, List<Long> resultOrder) {

  private static final String ELLIPSIS = "...";

  /**
   * Read an equation.
   *
   * @param equation such as {@code bhid,bhjd->bhij} or {@code ...id,...jd->...ij}
   * @param rows which operand has the rows, 0 or 1
   * @return null if it is no such product
   */
  static EinsumProduct of(String equation, int rows) {
    String[] sides = equation.replace(" ", "").split("->", -1);
    String[] operands = sides[0].split(",", -1);
    if (sides.length != 2 || operands.length != 2) {
      return null;
    }
    List<String> parts = List.of(operands[rows], operands[1 - rows], sides[1]);
    boolean open = parts.stream().allMatch(part -> part.startsWith(ELLIPSIS));
    List<String> letters =
        parts.stream().map(part -> part.substring(open ? ELLIPSIS.length() : 0)).toList();
    boolean plain = letters.stream().allMatch(part -> part.matches("[a-zA-Z]+") && !repeats(part));
    return plain ? of(open, letters.get(0), letters.get(1), letters.get(2)) : null;
  }

  private static EinsumProduct of(boolean open, String left, String right, String result) {
    String batch = only(result, c -> has(left, c) && has(right, c));
    String row = only(result, c -> has(left, c) && !has(right, c));
    String column = only(result, c -> !has(left, c) && has(right, c));
    String summed = only(left, c -> has(right, c) && !has(result, c));
    int letters = batch.length() + 2;
    if (row.length() != 1
        || column.length() != 1
        || summed.length() != 1
        || left.length() != letters
        || right.length() != letters
        || result.length() != letters
        || open && letters != 2) {
      return null;
    }
    return new EinsumProduct(
        open,
        order(left, batch + row + summed),
        order(right, batch + column + summed),
        order(batch + row + column, result));
  }

  /** An operand with its dimensions in an order of this product. */
  AttentionOperand operand(GraphValue value, List<Long> order) {
    return open
        ? new AttentionOperand(value, null, !isIdentity(order))
        : new AttentionOperand(value, order, false);
  }

  private static boolean repeats(String letters) {
    return letters.chars().distinct().count() < letters.length();
  }

  private static boolean has(String letters, int letter) {
    return letters.indexOf(letter) >= 0;
  }

  private static String only(String letters, IntPredicate condition) {
    return letters
        .chars()
        .filter(condition)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static List<Long> order(String from, String to) {
    List<Long> order = new ArrayList<>();
    to.chars().forEach(letter -> order.add((long) from.indexOf(letter)));
    return List.copyOf(order);
  }

  static boolean isIdentity(List<Long> order) {
    return IntStream.range(0, order.size()).allMatch(i -> order.get(i) == i);
  }
}
