// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.layers.RecordedLayer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.ClassType;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Collects what tells whether a module is one of torch.nn's own. */
final class LayerRecorder {

  /** Tracing records a module that is called several times as forward, forward1, forward2, ... */
  static final Pattern FORWARD = Pattern.compile("forward\\d*");

  private LayerRecorder() {}

  /**
   * Record a module.
   *
   * @throws TorchScriptImportException if its forward cannot be imported
   */
  static RecordedLayer of(ObjectImporter objects, ScriptObject object) {
    List<GraphMethod> calls = new ArrayList<>();
    for (String method : object.type.methods) {
      if (FORWARD.matcher(method).matches()) {
        calls.add(MethodImporter.of(objects, object, method));
      }
    }
    Map<String, GraphAttribute> tensors = new LinkedHashMap<>();
    object.tensors.forEach(
        (name, tensor) -> tensors.put(name, new GraphAttribute(tensor, object.kind(name))));
    object.constants.forEach(
        (name, tensor) ->
            tensors.put(name, new GraphAttribute(tensor, GraphAttribute.Kind.CONSTANT)));
    Map<String, Module> children = new LinkedHashMap<>();
    object.children.forEach((name, child) -> children.put(name, child.imported));
    return new RecordedLayer(
        object.type.qualifiedName,
        calls,
        tensors,
        constants(object),
        children,
        object.module.is_training());
  }

  private static Map<String, Object> constants(ScriptObject object) {
    Map<String, Object> constants = new LinkedHashMap<>();
    try (ClassType type = object.module.type()) {
      for (long i = 0; i < type.numConstants(); i++) {
        try (BytePointer name = type.getConstantName(i);
            IValue value = type.getConstant(i)) {
          put(constants, name.getString(), value, null);
        }
      }
      for (ScriptClass.Attribute attribute : object.type.attributes) {
        boolean plain =
            attribute.type() != TypeKind.ClassType
                && !object.tensors.containsKey(attribute.name())
                && !attribute.name().equals(ScriptObject.TRAINING);
        if (plain) {
          try (IValue value = object.module.attr(attribute.name())) {
            put(constants, attribute.name(), value, type.getAttribute(attribute.name()));
          }
        }
      }
    }
    return constants;
  }

  private static void put(Map<String, Object> constants, String name, IValue value, TypePtr type) {
    boolean scalar =
        value.isNone() || value.isInt() || value.isDouble() || value.isBool() || value.isString();
    boolean list = value.isIntList() || value.isDoubleList() || value.isBoolList();
    if (scalar) {
      constants.put(name, Constants.scalar(value));
    } else if (list && type != null) {
      constants.put(name, ((FoldedList) Constants.of(value, type.get())).items());
    } else if (value.isTuple()) {
      constants.put(name, tuple(value));
    }
  }

  /** The items of a tuple of plain values, null for others. */
  private static List<Object> tuple(IValue value) {
    List<Object> items = new ArrayList<>();
    boolean plain =
        Constants.items(
            value,
            item -> {
              boolean known = item.isInt() || item.isDouble() || item.isBool() || item.isString();
              items.add(known ? Constants.scalar(item) : null);
              return known;
            });
    return plain ? Collections.unmodifiableList(items) : null;
  }
}
