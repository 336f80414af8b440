// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An {@code einsum} of two operands that is a product of matrices, of equal batch dimensions.
 *
 * <p>With b the batch dimensions: operand {@code rows} is {@code [b, i, d]} after a permutation,
 * {@code columns} is {@code [b, j, d]}, and their product over d has the dimensions {@code [b, i,
 * j]} in some order.
 *
 * @param rows which operand has the rows, 0 or 1
 * @param rowsOrder the permutation that makes {@code [b, i, d]} of it
 * @param columnsOrder the permutation that makes {@code [b, j, d]} of the other operand
 * @param resultOrder the permutation that makes the result of {@code [b, i, j]}
 */
record EinsumProduct(
    int rows, List<Long> rowsOrder, List<Long> columnsOrder, List<Long> resultOrder) {

  /**
   * Read an equation.
   *
   * @param equation such as {@code bhid,bhjd->bhij}
   * @param rows which operand has the rows
   * @return null if it is no such product
   */
  static EinsumProduct of(String equation, int rows) {
    String[] sides = equation.replace(" ", "").split("->", -1);
    String[] operands = sides[0].split(",", -1);
    if (sides.length != 2 || operands.length != 2 || !(sides[0] + sides[1]).matches("[a-zA-Z,]*")) {
      return null;
    }
    String left = operands[rows];
    String right = operands[1 - rows];
    String result = sides[1];
    if (repeats(left) || repeats(right) || repeats(result)) {
      return null;
    }
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
        || result.length() != letters) {
      return null;
    }
    return new EinsumProduct(
        rows,
        order(left, batch + row + summed),
        order(right, batch + column + summed),
        order(batch + row + column, result));
  }

  private static boolean repeats(String letters) {
    return letters.chars().distinct().count() < letters.length();
  }

  private static boolean has(String letters, int letter) {
    return letters.indexOf(letter) >= 0;
  }

  private static String only(String letters, java.util.function.IntPredicate condition) {
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
