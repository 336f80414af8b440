// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.ScriptTypeParser;
import org.bytedeco.pytorch.Type.TypePtr;

/** Types by the names that TorchScript gives them. */
final class GraphTypes {

  private static final Map<String, TypePtr> KNOWN = new ConcurrentHashMap<>();

  private GraphTypes() {}

  /**
   * Return libtorch's type.
   *
   * @param name such as {@code Dict[str, List[Tensor]]}
   * @return an object that is kept for good
   * @throws IllegalArgumentException if there is no such type
   */
  static TypePtr of(String name) {
    TypePtr known = KNOWN.get(name);
    if (known == null) {
      try (ScriptTypeParser parser = new ScriptTypeParser()) {
        known = parser.parseType(name);
      } catch (RuntimeException e) {
        throw new IllegalArgumentException(
            "unknown type '" + name + "'; expected a type of TorchScript such as List[Tensor]", e);
      }
      known.retainReference();
      KNOWN.put(name, known);
    }
    return known;
  }
}
