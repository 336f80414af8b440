// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;

/** An instance field of an object. */
final class FieldPlace implements Place {

  private final Object owner;
  private final Field field;

  /** The field must have been made accessible. */
  FieldPlace(Object owner, Field field) {
    this.owner = owner;
    this.field = field;
  }

  @Override
  public Object get() {
    try {
      return field.get(owner);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot read " + describe(), e);
    }
  }

  @Override
  public Class<?> required() {
    return field.getType();
  }

  @Override
  public String obstacle() {
    Class<?> type = field.getDeclaringClass();
    if (type.isRecord()) {
      return "the components of a record cannot be set; make "
          + type.getSimpleName()
          + " a class with a field that can be assigned";
    }
    if (type.isHidden() && Modifier.isFinal(field.getModifiers())) {
      return "what a lambda or a method reference has captured cannot be set; let it read a field"
          + " of the model instead";
    }
    return null;
  }

  @Override
  public void set(Object value) {
    try {
      field.set(owner, value);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot set " + describe(), e);
    }
  }

  @Override
  public String describe() {
    return "field "
        + field.getDeclaringClass().getName()
        + "."
        + field.getName()
        + " of type "
        + field.getType().getSimpleName();
  }

  @Override
  public String label() {
    return field.getName();
  }
}
