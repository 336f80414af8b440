// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.ClassType;

/**
 * An object of a TorchScript class that a method makes for itself, such as a context manager. Its
 * attributes are followed while the method is imported, so that nothing of it is left in the graph.
 */
final class LocalObject {

  final ClassType type;

  /** The depth of blocks in which it was made; deeper ones cannot set its attributes. */
  final int depth;

  private final Map<String, Object> attributes = new HashMap<>();

  LocalObject(ClassType type, int depth) {
    this.type = type;
    this.depth = depth;
  }

  Object get(String name) {
    if (!attributes.containsKey(name)) {
      throw new UnsupportedOperationException("attribute '" + name + "' is read before it is set");
    }
    return attributes.get(name);
  }

  void set(String name, Object value, int at) {
    if (at != depth) {
      throw new UnsupportedOperationException(
          "attribute '"
              + name
              + "' of an object is set under the control of an if or a loop; this cannot be"
              + " imported");
    }
    attributes.put(name, value);
  }
}
