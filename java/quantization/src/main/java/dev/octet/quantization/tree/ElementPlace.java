// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Module;

/** An element of an array or a collection that another place holds. */
final class ElementPlace implements Place {

  private final Place holder;
  private final Object key;
  private final Class<?> required;

  /**
   * Create a place.
   *
   * @param holder holds the container: an array, List, Map, Optional or other Collection
   * @param key the index, the map key, or, where a collection has neither, the element itself
   * @param required the class that the declared element type asks for
   */
  ElementPlace(Place holder, Object key, Class<?> required) {
    this.holder = holder;
    this.key = key;
    this.required = required;
  }

  /** Asked for anew each time: an immutable container may have been rebuilt for another element. */
  private Object container() {
    return holder.get();
  }

  @Override
  public Object get() {
    Object container = container();
    if (container.getClass().isArray()) {
      return Array.get(container, (Integer) key);
    }
    if (container instanceof List<?> list) {
      return list.get((Integer) key);
    }
    if (container instanceof Map<?, ?> map) {
      return map.get(key);
    }
    if (container instanceof Optional<?> optional) {
      return optional.orElse(null);
    }
    return ((Collection<?>) container).stream().anyMatch(e -> e == key) ? key : null;
  }

  @Override
  public Class<?> required() {
    return required;
  }

  @Override
  public boolean copies() {
    return !CollectionCopies.isMutable(container()) || holder.copies();
  }

  @Override
  public String obstacle() {
    Object container = container();
    if (CollectionCopies.isMutable(container)) {
      return null;
    }
    Object copy = CollectionCopies.with(container, key, get());
    if (copy == null || !holder.required().isInstance(copy)) {
      return "a collection of class "
          + container.getClass().getName()
          + " can neither be changed nor be rebuilt as "
          + holder.required().getName()
          + "; use a java.util collection, or an array";
    }
    return holder.obstacle();
  }

  @Override
  @SuppressWarnings("unchecked")
  public void set(Object value) {
    Object container = container();
    if (!CollectionCopies.isMutable(container)) {
      holder.set(CollectionCopies.with(container, key, value));
    } else if (container.getClass().isArray()) {
      Array.set(container, (Integer) key, value);
    } else if (container instanceof List<?> list) {
      ((List<Object>) list).set((Integer) key, value);
    } else if (container instanceof Map<?, ?> map) {
      ((Map<Object, Object>) map).put(key, value);
    } else {
      Collection<Object> collection = (Collection<Object>) container;
      List<Object> all = new ArrayList<>(collection);
      collection.clear();
      for (Object element : all) {
        collection.add(element == key ? value : element);
      }
    }
  }

  @Override
  public String describe() {
    return (key instanceof Module ? "an element" : "element [" + key + "]")
        + " of type "
        + required.getSimpleName()
        + " in "
        + holder.describe();
  }

  @Override
  public String label() {
    return holder.label() + "." + (key instanceof Integer || key instanceof String ? key : "");
  }
}
