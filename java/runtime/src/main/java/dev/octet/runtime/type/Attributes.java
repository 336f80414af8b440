// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of an operation by name: {@link Long}, {@link Double}, {@link Boolean}, {@link
 * String}, or {@link List} of Long.
 */
public final class Attributes {
  private static final Attributes NONE = new Attributes(Map.of());

  private final Map<String, Object> values;

  private Attributes(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /** Returns no settings. */
  public static Attributes none() {
    return NONE;
  }

  /**
   * Returns settings.
   *
   * @param values of the types above; Integer, Float, int[] and long[] are converted
   * @throws InvalidProgramException for a value of another type
   */
  public static Attributes of(Map<String, ?> values) {
    Map<String, Object> normal = new TreeMap<>();
    for (Map.Entry<String, ?> setting : values.entrySet()) {
      normal.put(setting.getKey(), normalize(setting.getKey(), setting.getValue()));
    }
    return new Attributes(normal);
  }

  /** Returns these settings with one more, or changed. */
  public Attributes with(String name, Object value) {
    Map<String, Object> changed = new TreeMap<>(values);
    changed.put(name, normalize(name, value));
    return new Attributes(changed);
  }

  private static Object normalize(String name, Object value) {
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Float number) {
      return number.doubleValue();
    }
    if (value instanceof int[] list) {
      List<Long> longs = new ArrayList<>(list.length);
      for (int element : list) {
        longs.add((long) element);
      }
      return Collections.unmodifiableList(longs);
    }
    if (value instanceof long[] list) {
      List<Long> longs = new ArrayList<>(list.length);
      for (long element : list) {
        longs.add(element);
      }
      return Collections.unmodifiableList(longs);
    }
    if (value instanceof List<?> list && areLongs(list)) {
      return List.copyOf(list);
    }
    if (value instanceof Long
        || value instanceof Double
        || value instanceof Boolean
        || value instanceof String) {
      return value;
    }
    throw new InvalidProgramException(
        "attribute '"
            + name
            + "' is "
            + value
            + "; expected a number, a truth value, a text or a list of whole numbers");
  }

  private static boolean areLongs(List<?> list) {
    for (Object element : list) {
      if (!(element instanceof Long)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the settings, sorted by name. */
  public Map<String, Object> asMap() {
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Attributes && values.equals(((Attributes) other).values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
