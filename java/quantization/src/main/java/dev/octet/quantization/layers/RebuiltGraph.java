// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphMethod;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * A graph of operators that calls layers instead, as {@link OperatorLayers} makes it.
 *
 * @param method the method, with calls of modules where the operators were
 * @param modules the modules that it calls instead of operators, by dotted path
 * @param children the children that the graph has to have, by name: those it had, and the new ones;
 *     a path of several names leads through graphs without forward
 * @param unread the names of tensors that the method read before and does not read any more: the
 *     modules have them
 */
public record RebuiltGraph(
    GraphMethod method,
    Map<String, Module> modules,
    Map<String, Module> children,
    Set<String> unread) {

  /** Create a result. */
  public RebuiltGraph {
    modules = Collections.unmodifiableMap(new LinkedHashMap<>(modules));
    children = Collections.unmodifiableMap(new LinkedHashMap<>(children));
    unread = Collections.unmodifiableSet(new LinkedHashSet<>(unread));
  }
}
