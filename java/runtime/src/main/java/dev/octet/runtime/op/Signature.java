// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The roles of an operation's inputs and outputs, and its attributes, with what each may be. */
public final class Signature {
  /** The types of real numbers. */
  public static final Set<ElementType> FLOATS =
      Set.of(ElementType.F32, ElementType.F16, ElementType.BF16);

  /** The types of codes of up to 8 bits. */
  public static final Set<ElementType> BYTES = Set.of(ElementType.S8, ElementType.U8);

  /** {@link #FLOATS} and {@link #BYTES}. */
  public static final Set<ElementType> FLOATS_AND_BYTES =
      Set.of(ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.S8, ElementType.U8);

  /** {@link #FLOATS_AND_BYTES} and whole numbers. */
  public static final Set<ElementType> NUMBERS =
      Set.of(
          ElementType.F32,
          ElementType.F16,
          ElementType.BF16,
          ElementType.S8,
          ElementType.U8,
          ElementType.I64);

  /** All types. */
  public static final Set<ElementType> ALL = Set.of(ElementType.values());

  /** The most inputs that stand for one role with a number behind its name. */
  static final int MOST_NUMBERED = 1024;

  /** What stands in a role. */
  enum Presence {
    REQUIRED,
    OPTIONAL,
    /** A constant. */
    CONSTANT,
    /** A constant, or nothing. */
    OPTIONAL_CONSTANT,
    /** One or more: role0, role1 and so on. */
    NUMBERED,
    /** One or more constants. */
    NUMBERED_CONSTANT,
    /** Any number of constants. */
    OPTIONAL_NUMBERED_CONSTANT
  }

  record Role(String name, Presence presence, Set<ElementType> types, GridRule grid) {
    boolean optional() {
      return switch (presence) {
        case OPTIONAL, OPTIONAL_CONSTANT, OPTIONAL_NUMBERED_CONSTANT -> true;
        default -> false;
      };
    }

    boolean constant() {
      return switch (presence) {
        case CONSTANT, OPTIONAL_CONSTANT, NUMBERED_CONSTANT, OPTIONAL_NUMBERED_CONSTANT -> true;
        default -> false;
      };
    }

    boolean numbered() {
      return switch (presence) {
        case NUMBERED, NUMBERED_CONSTANT, OPTIONAL_NUMBERED_CONSTANT -> true;
        default -> false;
      };
    }
  }

  private final String name;
  private final int version;
  private final Map<String, Role> inputs;
  private final Map<String, Role> outputs;
  private final Map<String, AttributeSpec> attributes;

  private Signature(Builder builder) {
    name = builder.name;
    version = builder.version;
    inputs = Collections.unmodifiableMap(builder.inputs);
    outputs = Collections.unmodifiableMap(builder.outputs);
    attributes = Collections.unmodifiableMap(builder.attributes);
  }

  /** Starts a signature: the kind's name and the version of its meaning. */
  static Builder of(String name, int version) {
    return new Builder(name, version);
  }

  String name() {
    return name;
  }

  int version() {
    return version;
  }

  Map<String, Role> inputs() {
    return inputs;
  }

  Map<String, Role> outputs() {
    return outputs;
  }

  Map<String, AttributeSpec> attributes() {
    return attributes;
  }

  /** Returns the role of an input, null if there is none of that name. */
  Role inputRole(String input) {
    Role role = inputs.get(input);
    if (role != null && !role.numbered()) {
      return role;
    }
    int digits = input.length();
    while (digits > 0 && Character.isDigit(input.charAt(digits - 1))) {
      digits--;
    }
    Role numbered = digits == input.length() ? null : inputs.get(input.substring(0, digits));
    return numbered != null && numbered.numbered() ? numbered : null;
  }

  /** Collects roles and attributes in the order in which they are listed. */
  static final class Builder {
    private final String name;
    private final int version;
    private final Map<String, Role> inputs = new LinkedHashMap<>();
    private final Map<String, Role> outputs = new LinkedHashMap<>();
    private final Map<String, AttributeSpec> attributes = new LinkedHashMap<>();

    private Builder(String name, int version) {
      this.name = name;
      this.version = version;
    }

    Builder input(String role, Set<ElementType> types, GridRule grid) {
      return input(role, Presence.REQUIRED, types, grid);
    }

    Builder input(String role, Presence presence, Set<ElementType> types, GridRule grid) {
      inputs.put(role, new Role(role, presence, types, grid));
      return this;
    }

    Builder output(String role, Set<ElementType> types, GridRule grid) {
      outputs.put(role, new Role(role, Presence.REQUIRED, types, grid));
      return this;
    }

    Builder optionalOutput(String role, Set<ElementType> types, GridRule grid) {
      outputs.put(role, new Role(role, Presence.OPTIONAL, types, grid));
      return this;
    }

    Builder attribute(AttributeSpec spec) {
      attributes.put(spec.name(), spec);
      return this;
    }

    Signature build() {
      return new Signature(this);
    }
  }

  /** Returns a set of types. */
  static Set<ElementType> types(ElementType... types) {
    return Collections.unmodifiableSet(EnumSet.copyOf(Arrays.asList(types)));
  }

  /** Returns types in words. */
  static String words(Set<ElementType> types) {
    List<String> names =
        Arrays.stream(ElementType.values())
            .filter(types::contains)
            .map(ElementType::toString)
            .toList();
    return String.join(", ", names);
  }
}
