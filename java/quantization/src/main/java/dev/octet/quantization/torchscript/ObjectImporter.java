// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.ClassType;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Obj;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Makes modules of TorchScript objects, each once. */
final class ObjectImporter implements AutoCloseable {

  /** Tracing records a module that is called several times as forward, forward1, forward2, ... */
  private static final Pattern FORWARD = Pattern.compile("forward\\d*");

  private final Map<Long, ScriptObject> objects = new HashMap<>();
  private final Map<Long, ScriptClass> classes = new HashMap<>();
  private final List<ScriptObject> all = new ArrayList<>();

  /** How a method of a submodule is called. */
  enum Call {
    MODULE,
    METHOD,
    INLINE
  }

  ScriptObject object(JitModule module, String path) {
    long id;
    try (Obj object = module._ivalue()) {
      id = object.address();
    }
    ScriptObject known = objects.get(id);
    if (known != null) {
      module.close();
      if (known.imported == null) {
        throw new TorchScriptImportException(
            path, null, null, "it contains itself, as '" + known.path + "'", null);
      }
      return known;
    }
    ScriptObject object = new ScriptObject(module, type(module), path);
    objects.put(id, object);
    all.add(object);
    for (ScriptClass.Attribute attribute : object.type.attributes) {
      if (attribute.type() == TypeKind.ClassType) {
        try (IValue value = module.attr(attribute.name())) {
          if (value.isModule()) {
            String below = path.isEmpty() ? attribute.name() : path + "." + attribute.name();
            object.children.put(attribute.name(), object(new JitModule(value.toObject()), below));
          }
        }
      }
    }
    object.imported = module(object);
    return object;
  }

  private ScriptClass type(JitModule module) {
    try (ClassType type = module.type()) {
      return classes.computeIfAbsent(type.address(), address -> new ScriptClass(type));
    }
  }

  private Module module(ScriptObject object) {
    Map<String, Module> children = new LinkedHashMap<>();
    object.children.forEach((name, child) -> children.put(name, child.imported));
    Map<String, GraphAttribute> attributes = new LinkedHashMap<>();
    object.tensors.forEach(
        (name, tensor) -> {
          if (!object.isVariable(name)) {
            attributes.put(name, new GraphAttribute(tensor, kind(object.attribute(name))));
          }
        });
    Map<String, Object> variables = new LinkedHashMap<>();
    for (ScriptClass.Attribute attribute : object.type.attributes) {
      String name = attribute.name();
      if (!object.children.containsKey(name) && object.isVariable(name)) {
        variables.put(name, variable(object, name));
      }
    }
    return GraphModule.of(
        new GraphDefinition(
            object.type.simpleName,
            children,
            attributes,
            variables,
            Map.of(),
            object.module.is_training()));
  }

  private static GraphAttribute.Kind kind(ScriptClass.Attribute attribute) {
    if (attribute.parameter()) {
      return GraphAttribute.Kind.PARAMETER;
    }
    return attribute.buffer() ? GraphAttribute.Kind.BUFFER : GraphAttribute.Kind.CONSTANT;
  }

  private static Object variable(ScriptObject object, String name) {
    IValue value = object.module.attr(name);
    if (value.isList() || value.isGenericDict()) {
      return value;
    }
    try (value) {
      return Constants.of(value, object.module.type().getAttribute(name).get());
    }
  }

  /** Decide how a submodule's method is called, and record it where needed. */
  Call call(ScriptObject object, String method) {
    if (!(object.imported instanceof GraphModule graph)) {
      return FORWARD.matcher(method).matches() ? Call.MODULE : Call.INLINE;
    }
    record(object, graph, method);
    return method.equals(GraphMethod.FORWARD) ? Call.MODULE : Call.METHOD;
  }

  void record(ScriptObject object, GraphModule graph, String method) {
    if (!graph.methods().containsKey(method)) {
      GraphMethod recorded = MethodImporter.of(this, object, method);
      object.constants.forEach(graph::addConstant);
      graph.replaceMethod(method, recorded);
    }
  }

  @Override
  public void close() {
    all.forEach(ScriptObject::close);
  }
}
