// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A table of rules that turns the names of a file into those of a model. Each rule is applied to
 * what the ones before it have made. Immutable.
 */
public final class Renaming {
  /** Leaves all names as they are. */
  public static final Renaming NONE = builder().build();

  private final List<UnaryOperator<String>> rules;

  private Renaming(List<UnaryOperator<String>> rules) {
    this.rules = List.copyOf(rules);
  }

  /** Starts a table. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the name in the model.
   *
   * @return empty if the tensor is to be left out
   */
  public Optional<String> apply(String name) {
    String renamed = name;
    for (UnaryOperator<String> rule : rules) {
      renamed = rule.apply(renamed);
      if (renamed == null) {
        return Optional.empty();
      }
    }
    return Optional.of(renamed);
  }

  /**
   * Renames all keys of a map.
   *
   * @param source names the file in messages
   * @throws IllegalArgumentException if two names become one
   */
  <T> Map<String, T> apply(Map<String, T> values, String source) {
    Map<String, T> renamed = new LinkedHashMap<>();
    Map<String, String> origins = new LinkedHashMap<>();
    values.forEach(
        (name, value) ->
            apply(name)
                .ifPresent(
                    to -> {
                      String other = origins.put(to, name);
                      if (other != null) {
                        throw new IllegalArgumentException(
                            source
                                + ": the renaming makes '"
                                + to
                                + "' of both '"
                                + other
                                + "' and '"
                                + name
                                + "'; make its rules more specific");
                      }
                      renamed.put(to, value);
                    }));
    return renamed;
  }

  /** Collects rules in the order in which they are applied. */
  public static final class Builder {
    private final List<UnaryOperator<String>> rules = new ArrayList<>();

    private Builder() {}

    /** Renames one tensor. */
    public Builder exact(String from, String to) {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(to, "to");
      rules.add(name -> name.equals(from) ? to : name);
      return this;
    }

    /** Replaces the beginning of names; {@code prefix("model.", "")} takes it away. */
    public Builder prefix(String from, String to) {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(to, "to");
      rules.add(name -> name.startsWith(from) ? to + name.substring(from.length()) : name);
      return this;
    }

    /**
     * Replaces every match of a regular expression.
     *
     * @param regex as {@link Pattern} has it
     * @param replacement with {@code $1} for groups, as {@link Matcher#replaceAll(String)} has it
     * @throws IllegalArgumentException if it is no regular expression
     */
    public Builder pattern(String regex, String replacement) {
      Objects.requireNonNull(replacement, "replacement");
      Pattern pattern = compile(regex);
      rules.add(name -> pattern.matcher(name).replaceAll(replacement));
      return this;
    }

    /**
     * Leaves out tensors whose whole name matches a regular expression.
     *
     * @throws IllegalArgumentException if it is no regular expression
     */
    public Builder drop(String regex) {
      Pattern pattern = compile(regex);
      rules.add(name -> pattern.matcher(name).matches() ? null : name);
      return this;
    }

    private static Pattern compile(String regex) {
      try {
        return Pattern.compile(regex);
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "'" + regex + "' is no regular expression: " + e.getMessage(), e);
      }
    }

    /** Makes the table. */
    public Renaming build() {
      return new Renaming(rules);
    }
  }
}
