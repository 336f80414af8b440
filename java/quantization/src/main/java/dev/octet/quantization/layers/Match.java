// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Input;
import dev.octet.quantization.layers.Term.Own;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** Compares what was recorded with what is expected; all throw {@link Unrecognized}. */
final class Match {

  private Match() {}

  /** The call of one of some operators that makes a value. */
  static Apply call(Object value, String... operators) {
    if (value instanceof Apply apply && Arrays.asList(operators).contains(apply.operator)) {
      return apply;
    }
    throw new Unrecognized(
        "computes " + describe(value) + " where " + operators[0] + " was expected");
  }

  static boolean isCall(Object value, String operator) {
    return value instanceof Apply apply && apply.operator.equals(operator);
  }

  private static String describe(Object value) {
    return value == null ? "None" : value instanceof List<?> ? "a list" : value.toString();
  }

  static void input(Object value, int index) {
    if (!(value instanceof Input input) || input.index() != index) {
      throw new Unrecognized("uses " + describe(value) + " where its argument was expected");
    }
  }

  static void own(Object value, String name) {
    if (!new Own(name).equals(value)) {
      throw new Unrecognized("uses " + describe(value) + " where its " + name + " was expected");
    }
  }

  /** Whether a value is a tensor of the module, and not None. */
  static boolean ownOrNone(Object value, String name) {
    if (value != null) {
      own(value, name);
    }
    return value != null;
  }

  /** Whether the values are both tensors of the module, and not both None. */
  static boolean bothOrNone(Object first, String firstName, Object second, String secondName) {
    boolean there = ownOrNone(first, firstName);
    if (ownOrNone(second, secondName) != there) {
      throw new Unrecognized("has a " + (there ? firstName : secondName) + " alone");
    }
    return there;
  }

  static void equal(Object value, Object expected, String name) {
    boolean same =
        value instanceof Number a && expected instanceof Number b
            ? a.doubleValue() == b.doubleValue()
            : Objects.equals(value, expected);
    if (!same) {
      throw new Unrecognized(
          "has the " + name + " " + describe(value) + " where " + expected + " was expected");
    }
  }

  static long number(Object value, String name) {
    if (value instanceof Long number) {
      return number;
    }
    throw notConstant(value, name);
  }

  static double real(Object value, String name) {
    if (value instanceof Long || value instanceof Double) {
      return ((Number) value).doubleValue();
    }
    throw notConstant(value, name);
  }

  static boolean flag(Object value, String name) {
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw notConstant(value, name);
  }

  static String text(Object value, String name) {
    if (value instanceof String text) {
      return text;
    }
    throw notConstant(value, name);
  }

  /** A list of numbers; one stands for all. */
  static List<Long> numbers(Object value, int count, String name) {
    List<?> items = value instanceof List<?> list ? list : List.of(number(value, name));
    List<Long> numbers = items.stream().map(item -> number(item, name)).toList();
    if (numbers.size() == 1) {
      return Collections.nCopies(count, numbers.get(0));
    }
    if (numbers.size() != count) {
      throw new Unrecognized(
          "has " + numbers.size() + " numbers as " + name + " where " + count + " were expected");
    }
    return numbers;
  }

  private static Unrecognized notConstant(Object value, String name) {
    return new Unrecognized(
        "has " + describe(value) + " as its " + name + ", which is no constant");
  }
}
