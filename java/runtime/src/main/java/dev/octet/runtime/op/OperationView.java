// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.op.Signature.Role;
import dev.octet.runtime.type.Attributes;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * One operation as its kind sees it: what stands in its roles, and its attributes with their
 * defaults.
 */
public final class OperationView {
  private final Signature signature;
  private final Map<String, Value> inputs;
  private final Map<String, Value> outputs;
  private final Set<String> constants;
  private final Attributes attributes;

  OperationView(
      Signature signature,
      Map<String, Value> inputs,
      Map<String, Value> outputs,
      Set<String> constants,
      Attributes attributes) {
    this.signature = signature;
    this.inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    this.constants = constants;
    this.attributes = attributes;
  }

  /** Checks roles, types, grids and attributes by the signature. */
  void checkSignature() {
    for (Map.Entry<String, Value> input : inputs.entrySet()) {
      checkInput(input.getKey(), input.getValue());
    }
    for (Role role : signature.inputs().values()) {
      String first = role.numbered() ? role.name() + 0 : role.name();
      if (!role.optional() && !inputs.containsKey(first)) {
        throw error("has no input '" + first + "', which it needs");
      }
    }
    for (Map.Entry<String, Value> output : outputs.entrySet()) {
      Role role = signature.outputs().get(output.getKey());
      if (role == null) {
        throw error(
            "has an output '" + output.getKey() + "'; expected " + signature.outputs().keySet());
      }
      checkValue("output", role, output.getValue());
    }
    for (Role role : signature.outputs().values()) {
      if (!role.optional() && !outputs.containsKey(role.name())) {
        throw error("has no output '" + role.name() + "', which it needs");
      }
    }
    checkAttributes();
  }

  private void checkInput(String name, Value value) {
    Role role = signature.inputRole(name);
    if (role == null) {
      throw error("has an input '" + name + "'; expected " + signature.inputs().keySet());
    }
    if (role.numbered()) {
      int count = 0;
      while (inputs.containsKey(role.name() + count)) {
        count++;
      }
      String number = name.substring(role.name().length());
      boolean counted = number.length() <= 4 && Integer.parseInt(number) < count;
      if (!counted
          || count > Signature.MOST_NUMBERED
          || !number.equals(Integer.toString(Integer.parseInt(number)))) {
        throw error(
            "has an input '"
                + name
                + "'; expected '"
                + role.name()
                + "0', '"
                + role.name()
                + "1' and so on without gaps, at most "
                + Signature.MOST_NUMBERED);
      }
    }
    if (role.constant() && !constants.contains(name)) {
      throw error("takes a constant as '" + name + "'; '" + value.name() + "' is none");
    }
    checkValue("input", role, value);
  }

  private void checkValue(String what, Role role, Value value) {
    if (!role.types().contains(value.type())) {
      throw error(
          what
              + " '"
              + role.name()
              + "' is "
              + value.type()
              + " ('"
              + value.name()
              + "'); expected "
              + Signature.words(role.types()));
    }
    Grid grid = value.grid();
    boolean codes = value.type().mayHaveGrid();
    boolean fits =
        switch (role.grid()) {
          case NONE -> grid == null;
          case PER_TENSOR -> !codes || grid != null && grid.isPerTensor();
          case REQUIRED -> !codes || grid != null;
          case OPTIONAL -> true;
        };
    if (!fits) {
      String expected =
          switch (role.grid()) {
            case NONE -> "no grid";
            case PER_TENSOR -> "a grid with one scale";
            default -> "a grid";
          };
      throw error(
          what
              + " '"
              + role.name()
              + "' ('"
              + value.name()
              + "') has "
              + (grid == null ? "no grid" : "the grid " + grid)
              + "; expected "
              + expected);
    }
  }

  private void checkAttributes() {
    for (Map.Entry<String, Object> attribute : attributes.asMap().entrySet()) {
      String name = attribute.getKey();
      AttributeSpec spec = signature.attributes().get(name);
      if (spec == null) {
        throw error("has an attribute '" + name + "'; expected " + signature.attributes().keySet());
      }
      String complaint = spec.complaint(attribute.getValue());
      if (complaint != null) {
        throw error("attribute '" + name + "' is " + attribute.getValue() + "; " + complaint);
      }
    }
    for (AttributeSpec spec : signature.attributes().values()) {
      if (spec.required() && !attributes.asMap().containsKey(spec.name())) {
        throw error("has no attribute '" + spec.name() + "', which it needs");
      }
    }
  }

  /** Returns an exception that begins with the operation's name. */
  public InvalidProgramException error(String what) {
    return new InvalidProgramException(title() + " " + what);
  }

  /** Returns {@code operation 'name' (kind)}. */
  public String title() {
    String first = outputs.isEmpty() ? "?" : outputs.values().iterator().next().name();
    return "operation '" + first + "' (" + signature.name() + ")";
  }

  /** Tells whether something stands in an input role. */
  public boolean has(String role) {
    return inputs.containsKey(role);
  }

  /** Tells whether an output is wanted. */
  public boolean hasOutput(String role) {
    return outputs.containsKey(role);
  }

  /** Tells whether what stands in an input role is a constant. */
  public boolean isConstant(String role) {
    return constants.contains(role);
  }

  /** Returns what stands in an input role; null if nothing. */
  public Value input(String role) {
    return inputs.get(role);
  }

  /** Returns the inputs of a numbered role, in order. */
  public List<Value> inputs(String role) {
    List<Value> values = new ArrayList<>();
    for (Value value = inputs.get(role + 0); value != null; ) {
      values.add(value);
      value = inputs.get(role + values.size());
    }
    return values;
  }

  /** Returns all inputs by role. */
  public Map<String, Value> inputs() {
    return inputs;
  }

  /** Returns all outputs by role. */
  public Map<String, Value> outputs() {
    return outputs;
  }

  /** Returns an output; null if it is not wanted. */
  public Value output(String role) {
    return outputs.get(role);
  }

  /** Returns the shape of an input. */
  public Shape shape(String role) {
    return inputs.get(role).shape();
  }

  private Object attribute(String name) {
    AttributeSpec spec = signature.attributes().get(name);
    if (spec == null) {
      throw new IllegalStateException(title() + " has no attribute '" + name + "'");
    }
    Object value = attributes.asMap().get(name);
    return value == null ? spec.fallback() : value;
  }

  /** Tells whether an attribute is given or has a default. */
  public boolean hasAttribute(String name) {
    return attribute(name) != null;
  }

  /** Returns a whole number. */
  public long integer(String name) {
    return (Long) attribute(name);
  }

  /** Returns a number, rounded to single precision. */
  public float real(String name) {
    return ((Number) attribute(name)).floatValue();
  }

  /** Returns a truth value. */
  public boolean flag(String name) {
    return (Boolean) attribute(name);
  }

  /** Returns a choice. */
  public <E extends Enum<E>> E choice(String name, Class<E> type) {
    return Enum.valueOf(type, ((String) attribute(name)).toUpperCase(Locale.ROOT));
  }

  /** Returns a list of whole numbers. */
  public long[] list(String name) {
    List<?> list = (List<?>) attribute(name);
    long[] numbers = new long[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (Long) list.get(i);
    }
    return numbers;
  }

  /** Returns a list of as many whole numbers as expected. */
  public long[] numbers(String name, int count) {
    long[] numbers = list(name);
    if (numbers.length != count) {
      throw error("attribute '" + name + "' has " + numbers.length + " numbers; expected " + count);
    }
    return numbers;
  }

  /**
   * Checks the number of an input's dimensions.
   *
   * @throws InvalidProgramException unless {@code least <= rank <= greatest}
   */
  public void requireRank(String role, int least, int greatest) {
    Shape shape = shape(role);
    if (shape.rank() < least || shape.rank() > greatest) {
      throw error(
          "input '"
              + role
              + "' has shape "
              + shape
              + "; expected "
              + (least == greatest ? least + " dimensions" : "at least " + least + " dimensions"));
    }
  }

  /** Checks that an input has a shape, as far as sizes are known. */
  public void requireShape(String role, Shape expected) {
    if (shape(role).differsFrom(expected)) {
      throw error("input '" + role + "' has shape " + shape(role) + "; expected " + expected);
    }
  }

  /** Checks that a size is a number and is the one expected. */
  public void requireSize(String what, Dimension size, Dimension expected) {
    if (size.differsFrom(expected)) {
      throw error(what + " is " + size + "; expected " + expected);
    }
  }

  /** Returns an axis attribute with negative numbers counted from the end. */
  public int axis(String attribute, int rank) {
    long axis = integer(attribute);
    long counted = axis < 0 ? axis + rank : axis;
    if (counted < 0 || counted >= rank) {
      throw error(
          "attribute '"
              + attribute
              + "' is "
              + axis
              + " for "
              + rank
              + " dimensions; expected "
              + -rank
              + " to "
              + (rank - 1));
    }
    return (int) counted;
  }
}
