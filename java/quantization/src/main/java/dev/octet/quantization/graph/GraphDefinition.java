// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Module;

/**
 * All that a graph is made of, for code that makes graphs without {@link GraphBuilder}, such as
 * importers.
 *
 * @param typeName the conventional name of the module's type
 * @param children the submodules by name, in registry order
 * @param attributes the tensors of its own by name; the graph makes handles of its own of them
 * @param variables values that the methods may replace and that are in no state dict: a tensor, a
 *     constant, null, a list of these, or an IValue
 * @param methods the recorded methods by name; {@code forward} may be missing in a module that is
 *     not called
 * @param training whether it starts in training mode; its children keep modes of their own
 */
public record GraphDefinition(
    String typeName,
    Map<String, Module> children,
    Map<String, GraphAttribute> attributes,
    Map<String, Object> variables,
    Map<String, GraphMethod> methods,
    boolean training) {

  /** Create a definition. */
  public GraphDefinition {
    Objects.requireNonNull(typeName, "typeName");
    children = Collections.unmodifiableMap(new LinkedHashMap<>(children));
    attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    methods = Collections.unmodifiableMap(new LinkedHashMap<>(methods));
  }
}
