// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tells whether a collection can be changed, and copies those that cannot with one element new. */
final class CollectionCopies {

  private CollectionCopies() {}

  /** Whether elements can be exchanged in place, tried with a change that changes nothing. */
  @SuppressWarnings("unchecked")
  static boolean isMutable(Object container) {
    if (container.getClass().isArray()) {
      return true;
    }
    try {
      if (container instanceof List<?> list) {
        ((List<Object>) list).set(0, list.get(0));
      } else if (container instanceof Map<?, ?> map) {
        Map.Entry<Object, Object> first = ((Map<Object, Object>) map).entrySet().iterator().next();
        ((Map<Object, Object>) map).put(first.getKey(), first.getValue());
      } else if (container instanceof Collection<?> collection) {
        collection.removeIf(element -> false);
        return !isView(collection);
      } else {
        return false;
      }
      return true;
    } catch (UnsupportedOperationException e) {
      return false;
    }
  }

  /** Views such as {@code map.values()} can be cleared, but not filled again. */
  private static boolean isView(Collection<?> collection) {
    String name = collection.getClass().getName();
    return name.startsWith("java.util.")
        && name.contains("$")
        && !name.endsWith("$SetFromMap")
        && !name.endsWith("$KeySetView");
  }

  /** A copy of an immutable container with one element exchanged, or null if there is no way. */
  static Object with(Object container, Object key, Object value) {
    if (container instanceof Optional<?>) {
      return Optional.of(value);
    }
    if (container instanceof List<?> list) {
      List<Object> all = new ArrayList<>(list);
      all.set((Integer) key, value);
      return likeOriginal(container, Collections.unmodifiableList(all), Collection.class);
    }
    if (container instanceof SortedMap<?, ?> map) {
      SortedMap<Object, Object> all = sorted(map);
      all.put(key, value);
      return likeOriginal(container, Collections.unmodifiableSortedMap(all), Map.class);
    }
    if (container instanceof Map<?, ?> map) {
      Map<Object, Object> all = new LinkedHashMap<>(map);
      all.put(key, value);
      return likeOriginal(container, Collections.unmodifiableMap(all), Map.class);
    }
    if (container instanceof Set<?> set) {
      return likeOriginal(
          container, Collections.unmodifiableSet(exchanged(set, key, value)), Collection.class);
    }
    if (container instanceof Collection<?> collection) {
      return likeOriginal(
          container,
          Collections.unmodifiableCollection(new ArrayList<>(exchanged(collection, key, value))),
          Collection.class);
    }
    return null;
  }

  @SuppressWarnings("unchecked")
  private static SortedMap<Object, Object> sorted(SortedMap<?, ?> map) {
    return new TreeMap<>((SortedMap<Object, Object>) map);
  }

  private static Set<Object> exchanged(Collection<?> elements, Object old, Object value) {
    Set<Object> all = new LinkedHashSet<>();
    for (Object element : elements) {
      all.add(element == old ? value : element);
    }
    return all;
  }

  /** Collections of other libraries are rebuilt by their own {@code copyOf}, if they have one. */
  private static Object likeOriginal(Object original, Object copy, Class<?> source) {
    if (original.getClass().getName().startsWith("java.util.")) {
      return copy;
    }
    for (Class<?> c = original.getClass(); c != null; c = c.getSuperclass()) {
      try {
        Method copyOf = c.getMethod("copyOf", source);
        return copyOf.invoke(null, copy);
      } catch (NoSuchMethodException e) {
        continue;
      } catch (IllegalAccessException | InvocationTargetException e) {
        return null;
      }
    }
    return copy;
  }
}
