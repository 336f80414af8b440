// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Module;

/**
 * A module of a recorded program, as {@link KnownLayers} looks at it.
 *
 * @param className the qualified name of its class in Python, such as {@code
 *     torch.nn.modules.linear.Linear}
 * @param calls what was recorded of its {@code forward}; tracing records every call of a module by
 *     itself. Calls of its own methods and of functions are part of it, attributes are read by
 *     their names, the mode by the name {@code training}. Empty if the module is never called.
 * @param tensors its own parameters, buffers and other tensors, by name
 * @param constants its other attributes and the constants of its class, by name, as far as the file
 *     has them: {@code Long}, {@code Double}, {@code Boolean}, {@code String}, lists of these, or
 *     null for None
 * @param children its submodules by name, in their order, imported already
 * @param training its mode
 */
public record RecordedLayer(
    String className,
    List<GraphMethod> calls,
    Map<String, GraphAttribute> tensors,
    Map<String, Object> constants,
    Map<String, Module> children,
    boolean training) {

  /** Create a description of a module. */
  public RecordedLayer {
    Objects.requireNonNull(className, "className");
    calls = List.copyOf(calls);
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    constants = Collections.unmodifiableMap(new LinkedHashMap<>(constants));
    children = Collections.unmodifiableMap(new LinkedHashMap<>(children));
  }
}
