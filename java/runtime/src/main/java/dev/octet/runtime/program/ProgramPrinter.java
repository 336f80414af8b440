// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import java.util.Map;
import java.util.stream.Collectors;

/** Prints programs, a line for every input, constant, operation and output. */
final class ProgramPrinter {
  private ProgramPrinter() {}

  static String print(Program program) {
    StringBuilder text = new StringBuilder();
    program.inputs().forEach(value -> text.append("input ").append(value).append('\n'));
    program
        .constants()
        .values()
        .forEach(constant -> text.append("constant ").append(constant.value()).append('\n'));
    program.operations().forEach(operation -> print(operation, text));
    program
        .outputs()
        .forEach(
            (name, value) -> {
              text.append("output ").append(name);
              text.append(name.equals(value) ? "" : " = " + value).append('\n');
            });
    return text.toString();
  }

  private static void print(Operation operation, StringBuilder text) {
    text.append(
        operation.outputs().values().stream()
            .map(Object::toString)
            .collect(Collectors.joining("; ")));
    text.append(" = ").append(operation.kind().name()).append('(');
    text.append(
        operation.inputs().entrySet().stream()
            .map(entry -> entry.getKey() + "=" + entry.getValue())
            .collect(Collectors.joining(", ")));
    text.append(')');
    Map<String, Object> attributes = operation.attributes().asMap();
    if (!attributes.isEmpty()) {
      text.append(' ').append(attributes);
    }
    text.append('\n');
  }
}
