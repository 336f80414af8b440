// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * What an attribute may be.
 *
 * @param name its name
 * @param type class of its value
 * @param fallback its value where it is not given; null: it is required
 * @param least the least number it may be, or that may stand in its list
 * @param greatest the greatest one
 * @param choices the texts it may be, sorted
 * @param required whether it must be given; otherwise it may be missing even without fallback
 */
record AttributeSpec(
    String name,
    Class<?> type,
    Object fallback,
    double least,
    double greatest,
    Set<String> choices,
    boolean required) {
  /** The most numbers in a list. */
  static final int LONGEST_LIST = 64;

  /** A whole number. */
  static AttributeSpec integer(String name, Long fallback, long least, long greatest) {
    return new AttributeSpec(
        name, Long.class, fallback, least, greatest, Set.of(), fallback == null);
  }

  /** A whole number that may be missing. */
  static AttributeSpec optionalInteger(String name, long least, long greatest) {
    return new AttributeSpec(name, Long.class, null, least, greatest, Set.of(), false);
  }

  /** A finite number. */
  static AttributeSpec real(String name, Double fallback, double least, double greatest) {
    return new AttributeSpec(
        name, Double.class, fallback, least, greatest, Set.of(), fallback == null);
  }

  /** A finite number that may be missing. */
  static AttributeSpec optionalReal(String name, double least, double greatest) {
    return new AttributeSpec(name, Double.class, null, least, greatest, Set.of(), false);
  }

  /** A truth value. */
  static AttributeSpec flag(String name, boolean fallback) {
    return new AttributeSpec(name, Boolean.class, fallback, 0, 0, Set.of(), false);
  }

  /** One of an enum's constants, in lower case. */
  static <E extends Enum<E>> AttributeSpec choice(String name, Class<E> choices, E fallback) {
    Set<String> words = new TreeSet<>();
    for (E choice : choices.getEnumConstants()) {
      words.add(word(choice));
    }
    return new AttributeSpec(
        name,
        String.class,
        fallback == null ? null : word(fallback),
        0,
        0,
        Collections.unmodifiableSet(words),
        fallback == null);
  }

  /** A list of whole numbers. */
  static AttributeSpec list(String name, List<Long> fallback, long least, long greatest) {
    return new AttributeSpec(
        name, List.class, fallback, least, greatest, Set.of(), fallback == null);
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Returns what is wrong with a value, in words that follow it, or null. */
  String complaint(Object value) {
    if (!type.isInstance(value) && !(type == Double.class && value instanceof Long)) {
      return "expected " + words();
    }
    if (value instanceof Number number) {
      double real = number.doubleValue();
      return real >= least && real <= greatest && !Double.isInfinite(real)
          ? null
          : "expected " + words();
    }
    if (value instanceof String) {
      return choices.contains(value) ? null : "expected " + words();
    }
    if (value instanceof List<?> list) {
      boolean fits = list.size() <= LONGEST_LIST;
      for (Object element : list) {
        long number = (Long) element;
        fits = fits && number >= least && number <= greatest;
      }
      return fits ? null : "expected " + words();
    }
    return null;
  }

  private String words() {
    if (type == Long.class) {
      return "a whole number from " + (long) least + " to " + (long) greatest;
    }
    if (type == Double.class) {
      return "a finite number from " + least + " to " + greatest;
    }
    if (type == Boolean.class) {
      return "true or false";
    }
    if (type == List.class) {
      return "a list of at most "
          + LONGEST_LIST
          + " whole numbers from "
          + (long) least
          + " to "
          + (long) greatest;
    }
    return "one of " + choices;
  }
}
