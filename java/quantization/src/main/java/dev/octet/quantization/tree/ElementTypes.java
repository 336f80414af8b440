// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/** Reads from declared generic types which class the elements of a collection must have. */
final class ElementTypes {

  private ElementTypes() {}

  /**
   * The declared type of the values in a container.
   *
   * @param declared the declared type of the place that holds the container
   * @param parameter which type argument of {@code generic} is meant
   * @param generic Collection, Map or Optional
   */
  static Type element(Type declared, Class<?> generic, int parameter) {
    if (declared instanceof WildcardType wildcard) {
      return element(wildcard.getUpperBounds()[0], generic, parameter);
    }
    Type found = find(declared, generic, parameter, Map.of());
    return found == null ? Module.class : found;
  }

  /** The class that values of a type are instances of. */
  static Class<?> raw(Type type) {
    if (type instanceof Class<?> c) {
      return c;
    }
    if (type instanceof ParameterizedType parameterized) {
      return raw(parameterized.getRawType());
    }
    if (type instanceof WildcardType wildcard) {
      return raw(wildcard.getUpperBounds()[0]);
    }
    if (type instanceof TypeVariable<?> variable) {
      return raw(variable.getBounds()[0]);
    }
    if (type instanceof GenericArrayType array) {
      return raw(array.getGenericComponentType()).arrayType();
    }
    return Object.class;
  }

  private static Type find(
      Type type, Class<?> generic, int parameter, Map<TypeVariable<?>, Type> known) {
    Map<TypeVariable<?>, Type> arguments = new HashMap<>();
    if (type instanceof ParameterizedType parameterized) {
      TypeVariable<?>[] variables = raw(type).getTypeParameters();
      Type[] actual = parameterized.getActualTypeArguments();
      for (int i = 0; i < variables.length; i++) {
        arguments.put(variables[i], known.getOrDefault(actual[i], actual[i]));
      }
    }
    Class<?> c = raw(type);
    if (c == generic) {
      return arguments.get(generic.getTypeParameters()[parameter]);
    }
    for (Type parent : c.getGenericInterfaces()) {
      if (generic.isAssignableFrom(raw(parent))) {
        return find(parent, generic, parameter, arguments);
      }
    }
    Type parent = c.getGenericSuperclass();
    return parent != null && generic.isAssignableFrom(raw(parent))
        ? find(parent, generic, parameter, arguments)
        : null;
  }
}
