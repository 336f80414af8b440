// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import java.util.List;

/**
 * What a clean-up has found in a model, and what looks alike but was left.
 *
 * @param found what was replaced, in the order of the modules and nodes
 * @param left what was not, and why
 */
public record CleanupReport(List<Found> found, List<Left> left) {

  /** Create a report. */
  public CleanupReport {
    found = List.copyOf(found);
    left = List.copyOf(left);
  }

  /**
   * Count what was found.
   *
   * @param pattern the name of a pattern
   * @return how many times
   */
  public int count(String pattern) {
    return (int) found.stream().filter(each -> each.pattern().equals(pattern)).count();
  }

  /**
   * Something that was replaced.
   *
   * @param path the path of the graph in the model, empty for the model itself
   * @param method the method of the graph
   * @param pattern what it was
   * @param nodes the names of the nodes that were replaced
   * @param source where the last of them came from; null if not known
   */
  public record Found(
      String path, String method, String pattern, List<String> nodes, String source) {

    /** Create an entry. */
    public Found {
      nodes = List.copyOf(nodes);
    }

    @Override
    public String toString() {
      return pattern + " in " + place(path, method) + ": " + String.join(", ", nodes);
    }
  }

  /**
   * Something that looks like a pattern and was left as it is.
   *
   * @param path the path of the graph in the model, empty for the model itself
   * @param method the method of the graph
   * @param pattern what it looks like
   * @param node the name of the last node
   * @param reason why it was left
   * @param source where the node came from; null if not known
   */
  public record Left(
      String path, String method, String pattern, String node, String reason, String source) {

    @Override
    public String toString() {
      return "no " + pattern + " in " + place(path, method) + " at " + node + ": " + reason;
    }
  }

  private static String place(String path, String method) {
    return (path.isEmpty() ? "the model" : "'" + path + "'") + ", " + method;
  }

  /** Describes the report to people, one line an entry. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    found.forEach(each -> text.append(each).append('\n'));
    left.forEach(each -> text.append(each).append('\n'));
    return text.toString();
  }
}
