// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Writes the reading and setting of attributes. */
final class AttributeImporter {

  private final ScriptObject owner;
  private final GraphWriter writer;

  AttributeImporter(ScriptObject owner, GraphWriter writer) {
    this.owner = owner;
    this.writer = writer;
  }

  Object get(Object from, String name, JitNode node, Value out) {
    if (from instanceof LocalObject local) {
      return local.get(name);
    }
    if (!(from instanceof ObjectRef reference)) {
      throw new UnsupportedOperationException(
          "attribute '"
              + name
              + "' of a "
              + Jit.annotation(Jit.type(node.input(0)))
              + " is read; only attributes of modules can be imported");
    }
    ScriptObject object = reference.object();
    ScriptObject child = object.children.get(name);
    if (child != null) {
      return reference.child(name, child);
    }
    String path = reference.pathOf(name);
    if (name.equals(ScriptObject.TRAINING)) {
      return writer.read(path);
    }
    if (object.isVariable(name) || object.type.set.contains(name)) {
      // Read where it stands, since it may be set before and after.
      return writer.add(
          Jit.name(out), path.replace('.', '_'), GraphNode.Kind.GET_ATTRIBUTE, path, List.of());
    }
    if (object.tensors.containsKey(name)) {
      return tensor(reference, name);
    }
    try (IValue value = object.module.attr(name)) {
      if (value.isTensorList() && object.isListOfTensors(name)) {
        return ownTensors(reference, value, out);
      }
      if (value.isCustomClass() || value.isObject()) {
        throw new UnsupportedOperationException(
            "attribute '"
                + name
                + "' is an object of class "
                + Jit.annotation(Jit.type(out))
                + (value.isCustomClass()
                    ? ", a custom C++ class; quantized modules of torch itself hold such objects:"
                        + " export the float model"
                    : ", which is no module; this cannot be imported"));
      }
      return Constants.of(value, Jit.type(out));
    }
  }

  /** A tensor of the owner or of a module below it. */
  private Object tensor(ObjectRef reference, String name) {
    ScriptObject object = reference.object();
    if (object == owner || object.isRegistered(name)) {
      return writer.read(reference.pathOf(name));
    }
    return constant(new Tensor(object.tensors.get(name)), reference.pathOf(name));
  }

  private Object ownTensors(ObjectRef reference, IValue value, Value out) {
    List<Object> items = new ArrayList<>();
    FoldedList list = (FoldedList) Constants.of(value, Jit.type(out));
    for (Object item : list.items()) {
      try (Tensor tensor = (Tensor) item) {
        items.add(tensor(reference, reference.object().nameOf(tensor)));
      }
    }
    return new FoldedList(Collections.unmodifiableList(items), list.type());
  }

  /** A tensor that belongs to the program; takes over the handle. */
  GraphValue constant(Tensor tensor, String name) {
    return writer.read(owner.constant(tensor, name));
  }

  void set(Object to, String name, Object value) {
    if (to instanceof LocalObject local) {
      local.set(name, value, writer.depth());
      return;
    }
    if (!(to instanceof ObjectRef reference) || !reference.path().isEmpty()) {
      throw new UnsupportedOperationException(
          "attribute '"
              + name
              + "' of another object than the module itself is set; only a module's own attributes"
              + " can be");
    }
    ScriptClass.Attribute attribute = owner.attribute(name);
    if (attribute.type() == TypeKind.ClassType) {
      throw new UnsupportedOperationException("submodule '" + name + "' is replaced by a method");
    }
    writer.add(
        "set_" + name, "set", GraphNode.Kind.SET_ATTRIBUTE, name, Collections.singletonList(value));
  }
}
