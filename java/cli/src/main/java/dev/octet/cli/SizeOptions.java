// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Numbers for the sizes that a program leaves open. */
final class SizeOptions {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--size",
      paramLabel = "NAME=N",
      description = "A size that the program leaves open (--size batch=8 --size tokens=128).")
  private Map<String, Long> sizes = new LinkedHashMap<>();

  /** Checks the names against those that the inputs of a program have. */
  void check(List<Value> inputs) {
    TreeSet<String> open = new TreeSet<>();
    for (Value input : inputs) {
      input.shape().dimensions().stream()
          .filter(size -> !size.isFixed())
          .forEach(size -> open.add(size.toString()));
    }
    sizes.forEach(
        (name, size) -> {
          if (!open.contains(name)) {
            throw new ParameterException(
                spec.commandLine(),
                "--size names '"
                    + name
                    + "'; "
                    + (open.isEmpty()
                        ? "all sizes of the program are numbers"
                        : "the program leaves open " + open));
          }
          if (size < 0) {
            throw new ParameterException(
                spec.commandLine(), "--size " + name + " is " + size + ", expected at least 0");
          }
        });
  }

  /** Tells whether every size of an input is known. */
  boolean knows(Value input) {
    return input.shape().resolve(sizes).isFixed();
  }

  /** Returns a size as a number, null if it is not known. */
  Long of(Dimension size) {
    Dimension resolved = size.resolve(sizes);
    return resolved.isFixed() ? resolved.value() : null;
  }

  /**
   * Returns the sizes of an input.
   *
   * @throws ParameterException if one is not known
   */
  long[] of(Value input) {
    return input.shape().dimensions().stream()
        .mapToLong(
            size -> {
              Long number = of(size);
              if (number == null) {
                throw new ParameterException(
                    spec.commandLine(),
                    "the size '"
                        + size
                        + "' of input "
                        + input
                        + " is open; give it: --size "
                        + size
                        + "=N");
              }
              return number;
            })
        .toArray();
  }
}
