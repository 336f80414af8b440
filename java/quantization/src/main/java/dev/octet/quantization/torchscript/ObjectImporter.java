// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.layers.KnownLayers;
import dev.octet.quantization.layers.Recognition;
import dev.octet.quantization.layers.SharedTensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.ClassType;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Obj;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Makes modules of TorchScript objects, each once. */
final class ObjectImporter implements AutoCloseable {

  /** Layers whose conversion takes their place; a recorded graph of the name is not converted. */
  private static final Set<String> CONVERTED = Set.of("Linear", "Conv2d", "LayerNorm", "Embedding");

  private static final String RECORDED = " (recorded)";

  private final List<String> notes;
  private final SharedTensors sharedTensors = new SharedTensors();
  private final KnownLayers layers = new KnownLayers(sharedTensors);
  private final Map<Long, ScriptObject> objects = new HashMap<>();
  private final Map<Long, ScriptClass> classes = new HashMap<>();
  private final List<ScriptObject> all = new ArrayList<>();

  /**
   * Create an importer.
   *
   * @param notes where to put what users should know
   */
  ObjectImporter(List<String> notes) {
    this.notes = notes;
  }

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
    // A layer that was traced in one mode knows it better than its flag.
    object.training =
        object.children.isEmpty() ? object.imported.is_training() : module.is_training();
    return object;
  }

  private ScriptClass type(JitModule module) {
    try (ClassType type = module.type()) {
      return classes.computeIfAbsent(type.address(), address -> new ScriptClass(type));
    }
  }

  private Module module(ScriptObject object) {
    if (!KnownLayers.isKnown(object.type.qualifiedName)) {
      return graph(object, object.type.simpleName);
    }
    String reason;
    try {
      Recognition recognition = layers.recognize(LayerRecorder.of(this, object));
      if (recognition.module().isPresent()) {
        return recognition.module().get();
      }
      reason = recognition.reason().orElseThrow();
    } catch (TorchScriptImportException e) {
      reason = "cannot be read: " + e.getMessage();
    }
    notes.add(
        "'" + object.path + "' stays a recorded " + object.type.simpleName + ": it " + reason);
    String name = object.type.simpleName;
    return graph(object, CONVERTED.contains(name) ? name + RECORDED : name);
  }

  private GraphModule graph(ScriptObject object, String typeName) {
    Map<String, Module> children = new LinkedHashMap<>();
    object.children.forEach((name, child) -> children.put(name, child.imported));
    Map<String, GraphAttribute> attributes = new LinkedHashMap<>();
    object.tensors.forEach(
        (name, tensor) -> {
          if (!object.isVariable(name)) {
            attributes.put(name, new GraphAttribute(tensor, object.kind(name)));
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
            typeName, children, attributes, variables, Map.of(), object.module.is_training()));
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

  /** Recognises the layers of this model. */
  KnownLayers layers() {
    return layers;
  }

  /** Put every module in its own mode; setting that of a container sets all below it. */
  void restoreModes() {
    // Parents come before their children.
    all.forEach(object -> object.imported.train(object.training));
  }

  /** Decide how a submodule's method is called, and record it where needed. */
  Call call(ScriptObject object, String method) {
    if (!(object.imported instanceof GraphModule graph)) {
      return LayerRecorder.FORWARD.matcher(method).matches() ? Call.MODULE : Call.INLINE;
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
    sharedTensors.close();
  }
}
