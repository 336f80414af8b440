// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Finds the places in which a module's Java object holds other modules.
 *
 * <p>Looks at the instance fields of the object's class and its superclasses up to those of the
 * presets, and through arrays, collections, maps, optionals, records, lambdas, and objects of
 * classes from the same package. Static fields are not looked at.
 */
final class SlotScanner {

  private final Module owner;
  private final List<Slot> slots = new ArrayList<>();
  private final Set<Object> visited = Collections.newSetFromMap(new IdentityHashMap<>());

  private SlotScanner(Module owner) {
    this.owner = owner;
  }

  static List<Slot> scan(Module owner) {
    SlotScanner scanner = new SlotScanner(owner);
    scanner.visited.add(owner);
    scanner.fields(owner, true);
    return scanner.slots;
  }

  private void fields(Object object, boolean isOwner) {
    Class<?> c = object.getClass();
    while (c != Object.class && !isForeign(c) && !(isOwner && keepsChildrenItself(c))) {
      for (Field field : c.getDeclaredFields()) {
        if (field.getType().isPrimitive()
            || Modifier.isStatic(field.getModifiers())
            || field.getName().startsWith("this$")) {
          continue;
        }
        try {
          field.setAccessible(true);
        } catch (InaccessibleObjectException e) {
          if (Module.class.isAssignableFrom(field.getType())) {
            throw new ModuleReplaceException(
                "cannot read field " + field + "; open its package to Octet", e);
          }
          continue;
        }
        place(new FieldPlace(object, field), field.getGenericType());
      }
      c = c.getSuperclass();
    }
  }

  private static boolean keepsChildrenItself(Class<?> c) {
    return Arrays.asList(c.getInterfaces()).contains(ChildHolder.class);
  }

  private static boolean isForeign(Class<?> c) {
    String name = c.getName();
    return c.getClassLoader() == null
        || name.startsWith("org.bytedeco.")
        || name.startsWith("java.")
        || name.startsWith("javax.");
  }

  private void place(Place place, Type declared) {
    Object value = place.get();
    if (value == null) {
      return;
    }
    if (value instanceof Module) {
      slots.add(new Slot(owner, place));
      return;
    }
    boolean container = value instanceof Collection<?> || value instanceof Map<?, ?>;
    if (!container && !value.getClass().isArray() && !(value instanceof Optional<?>)) {
      if (isHelper(value) && visited.add(value)) {
        fields(value, false);
      }
      return;
    }
    if (value.getClass().isArray()) {
      array(place, value);
    } else if (value instanceof Map<?, ?> map) {
      Type element = ElementTypes.element(declared, Map.class, 1);
      for (Object key : List.copyOf(nonNull(map.keySet()))) {
        place(new ElementPlace(place, key, ElementTypes.raw(element)), element);
      }
    } else if (value instanceof List<?> list) {
      Type element = ElementTypes.element(declared, Collection.class, 0);
      for (int i = 0; i < list.size(); i++) {
        place(new ElementPlace(place, i, ElementTypes.raw(element)), element);
      }
    } else if (value instanceof Collection<?> collection) {
      Type element = ElementTypes.element(declared, Collection.class, 0);
      for (Object each : List.copyOf(nonNull(collection))) {
        place(new ElementPlace(place, each, ElementTypes.raw(element)), element);
      }
    } else if (value instanceof Optional<?> optional && optional.isPresent()) {
      Type element = ElementTypes.element(declared, Optional.class, 0);
      place(new ElementPlace(place, optional.get(), ElementTypes.raw(element)), element);
    }
  }

  private void array(Place place, Object array) {
    Class<?> component = array.getClass().getComponentType();
    if (component.isPrimitive()) {
      return;
    }
    for (int i = 0; i < Array.getLength(array); i++) {
      place(new ElementPlace(place, i, component), component);
    }
  }

  private static Collection<?> nonNull(Collection<?> elements) {
    return elements.stream().filter(element -> element != null).toList();
  }

  private boolean isHelper(Object value) {
    Class<?> c = value.getClass();
    if (isForeign(c) || c.isEnum()) {
      return false;
    }
    return c.isRecord() || c.isHidden() || isOfModelPackage(c);
  }

  private boolean isOfModelPackage(Class<?> c) {
    for (Class<?> o = owner.getClass(); o != null && !isForeign(o); o = o.getSuperclass()) {
      if (o.getPackageName().equals(c.getPackageName())) {
        return true;
      }
    }
    return false;
  }
}
