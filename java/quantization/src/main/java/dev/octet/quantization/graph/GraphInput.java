// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

/**
 * An argument of a graph.
 *
 * @param name its name
 * @param type its type as TorchScript writes it, such as {@code Optional[Tensor]} or {@code
 *     List[int]}; null if anything may be passed. Lists and maps that a caller passes become the
 *     lists and dicts of this type.
 * @param optional whether it may be left out
 * @param defaultValue what it is then: a constant, null for None
 */
public record GraphInput(String name, String type, boolean optional, Object defaultValue) {

  /**
   * Create an argument of any type that must be given.
   *
   * @param name its name
   */
  public GraphInput(String name) {
    this(name, null, false, null);
  }
}
