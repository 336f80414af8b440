// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One size of a shape: a number, a symbol ("batch") whose number a run decides, or what operations
 * make of them ("12*batch").
 *
 * <p>Kept as a number times sorted factors, so that sizes which are always equal are recognised
 * where only products were formed. Sums and quotients of symbols become one opaque factor, and a
 * factor whose text would get long becomes "?", of which nothing is known.
 */
public final class Dimension {
  private static final int LONGEST_SYMBOL = 64;
  private static final int LONGEST_FACTOR = 64;
  private static final int MOST_FACTORS = 8;
  private static final Dimension UNKNOWN = new Dimension(1, List.of("?"));

  private final long coefficient;
  private final List<String> factors;

  private Dimension(long coefficient, List<String> factors) {
    this.coefficient = coefficient;
    this.factors = factors;
  }

  /**
   * Returns a size that is known.
   *
   * @throws InvalidProgramException if it is negative
   */
  public static Dimension of(long size) {
    if (size < 0) {
      throw new InvalidProgramException("size " + size + " is negative; expected at least 0");
    }
    return new Dimension(size, List.of());
  }

  /**
   * Returns a size that each run decides.
   *
   * @param symbol letters, digits and underscores, at most 64, not beginning with a digit; in one
   *     program the same symbol is always the same size
   */
  public static Dimension of(String symbol) {
    if (!isSymbol(symbol)) {
      throw new InvalidProgramException(
          "symbol '"
              + symbol
              + "' is no name of a size; expected letters, digits and underscores, at most 64, not"
              + " beginning with a digit");
    }
    return new Dimension(1, List.of(symbol));
  }

  private static boolean isSymbol(String text) {
    Objects.requireNonNull(text, "symbol");
    if (text.isEmpty() || text.length() > LONGEST_SYMBOL) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
      if (!letter && (i == 0 || c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  /** Tells whether the size is a number. */
  public boolean isFixed() {
    return factors.isEmpty();
  }

  /** Tells whether this is a symbol alone. */
  public boolean isSymbol() {
    return coefficient == 1 && factors.size() == 1 && isSymbol(factors.get(0));
  }

  /**
   * Returns the number.
   *
   * @throws IllegalStateException if it is not known
   */
  public long value() {
    if (!isFixed()) {
      throw new IllegalStateException("size " + this + " is known in a run only");
    }
    return coefficient;
  }

  /** Tells whether two sizes differ in every run. */
  public boolean differsFrom(Dimension other) {
    return isFixed() && other.isFixed() && coefficient != other.coefficient;
  }

  /** Tells whether the size is this number in every run. */
  public boolean is(long size) {
    return isFixed() && coefficient == size;
  }

  /** Returns the product. */
  public Dimension times(Dimension other) {
    if (is(0) || other.is(0)) {
      return of(0);
    }
    List<String> all = new ArrayList<>(factors);
    all.addAll(other.factors);
    if (all.size() > MOST_FACTORS) {
      return UNKNOWN;
    }
    all.sort(null);
    return new Dimension(multiply(coefficient, other.coefficient), List.copyOf(all));
  }

  private static long multiply(long a, long b) {
    try {
      return Math.multiplyExact(a, b);
    } catch (ArithmeticException e) {
      throw new InvalidProgramException("size " + a + " * " + b + " does not fit 63 bits");
    }
  }

  /** Returns the sum. */
  public Dimension plus(Dimension other) {
    if (factors.equals(other.factors) && !factors.contains("?")) {
      try {
        return new Dimension(Math.addExact(coefficient, other.coefficient), factors);
      } catch (ArithmeticException e) {
        throw new InvalidProgramException(
            "size " + coefficient + " + " + other.coefficient + " does not fit 63 bits");
      }
    }
    if (is(0)) {
      return other;
    }
    return other.is(0) ? this : opaque("(" + this + "+" + other + ")");
  }

  /**
   * Returns the quotient of sizes that divide evenly.
   *
   * @throws InvalidProgramException if they are numbers that don't
   */
  public Dimension dividedBy(Dimension divisor) {
    if (isFixed() && divisor.isFixed()) {
      if (divisor.coefficient == 0 || coefficient % divisor.coefficient != 0) {
        throw new InvalidProgramException(
            "size " + coefficient + " is not divisible by " + divisor.coefficient);
      }
      return of(coefficient / divisor.coefficient);
    }
    List<String> rest = new ArrayList<>(factors);
    for (String factor : divisor.factors) {
      if (factor.equals("?") || !rest.remove(factor)) {
        return opaque("(" + this + "/" + divisor + ")");
      }
    }
    return divisor.coefficient != 0 && coefficient % divisor.coefficient == 0
        ? new Dimension(coefficient / divisor.coefficient, List.copyOf(rest))
        : opaque("(" + this + "/" + divisor + ")");
  }

  /** Returns a size that only a run can tell, with words for it. */
  public static Dimension opaque(String text) {
    return text.length() > LONGEST_FACTOR ? UNKNOWN : new Dimension(1, List.of(text));
  }

  /**
   * Returns this size with a number in place of a symbol.
   *
   * @param sizes numbers by symbol
   */
  public Dimension resolve(Map<String, Long> sizes) {
    Long size = isSymbol() ? sizes.get(factors.get(0)) : null;
    return size == null ? this : of(size);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Dimension
        && coefficient == ((Dimension) other).coefficient
        && factors.equals(((Dimension) other).factors);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(coefficient) * 31 + factors.hashCode();
  }

  /** Returns the number, the symbol, or an expression. */
  @Override
  public String toString() {
    if (isFixed()) {
      return Long.toString(coefficient);
    }
    String product = String.join("*", factors);
    return coefficient == 1 ? product : coefficient + "*" + product;
  }
}
