// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphAttribute;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorImpl;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** A module of the program that is imported, and what becomes of it. */
final class ScriptObject implements AutoCloseable {

  static final String TRAINING = "training";

  final JitModule module;
  final ScriptClass type;
  final String path;
  final Map<String, ScriptObject> children = new LinkedHashMap<>();

  /** The tensors among the attributes. */
  final Map<String, Tensor> tensors = new LinkedHashMap<>();

  /** Tensors that its methods use as constants, by the names that they get. */
  final Map<String, Tensor> constants = new LinkedHashMap<>();

  /** What it was imported as. */
  Module imported;

  /** Its mode. */
  boolean training;

  /** Takes over the handle of the module. */
  ScriptObject(JitModule module, ScriptClass type, String path) {
    this.module = module;
    this.type = type;
    this.path = path;
    for (ScriptClass.Attribute attribute : type.attributes) {
      if (attribute.type() == TypeKind.TensorType || attribute.type() == TypeKind.OptionalType) {
        try (IValue value = module.attr(attribute.name())) {
          if (value.isTensor()) {
            tensors.put(attribute.name(), new Tensor(value.toTensor()));
          }
        }
      }
    }
  }

  ScriptClass.Attribute attribute(String name) {
    return type.attributes.stream().filter(a -> a.name().equals(name)).findFirst().orElse(null);
  }

  /** How a tensor among the attributes is registered. */
  GraphAttribute.Kind kind(String name) {
    ScriptClass.Attribute attribute = attribute(name);
    if (attribute.parameter()) {
      return GraphAttribute.Kind.PARAMETER;
    }
    return attribute.buffer() ? GraphAttribute.Kind.BUFFER : GraphAttribute.Kind.CONSTANT;
  }

  /** Whether an attribute is in the state dict. */
  boolean isRegistered(String name) {
    return tensors.containsKey(name) && kind(name) != GraphAttribute.Kind.CONSTANT;
  }

  /** Whether the methods may change an attribute, so that it has to be read when they run. */
  boolean isVariable(String name) {
    return !name.equals(TRAINING)
        && !isRegistered(name)
        && (type.set.contains(name) || type.kept.contains(name) && !isListOfTensors(name));
  }

  /** The name of the attribute that is this tensor, or null. */
  String nameOf(Tensor tensor) {
    TensorImpl impl = tensor.unsafeGetTensorImpl();
    for (Map.Entry<String, Tensor> each : tensors.entrySet()) {
      if (each.getValue().unsafeGetTensorImpl().address() == impl.address()) {
        return each.getKey();
      }
    }
    return null;
  }

  /** Whether an attribute is a list of this module's own tensors, as recurrent layers keep one. */
  boolean isListOfTensors(String name) {
    try (IValue value = module.attr(name)) {
      if (!value.isTensorList()) {
        return false;
      }
      Object constant = Constants.of(value, module.type().getAttribute(name).get());
      boolean own = true;
      for (Object item : ((FoldedList) constant).items()) {
        try (Tensor tensor = (Tensor) item) {
          own &= nameOf(tensor) != null;
        }
      }
      return own && !type.set.contains(name);
    }
  }

  /** The name of a constant; takes over the handle. */
  String constant(Tensor tensor, String name) {
    long address = tensor.unsafeGetTensorImpl().address();
    for (Map.Entry<String, Tensor> each : constants.entrySet()) {
      if (each.getValue().unsafeGetTensorImpl().address() == address) {
        tensor.close();
        return each.getKey();
      }
    }
    // Freezing in memory leaves the names of the parameters: self.fc.weight, fused or not.
    String base =
        name.startsWith("self.")
            ? name.substring("self.".length()).replace("_fused_bn", "")
            : "_constant_" + name.replace('.', '_');
    String unique = base;
    for (int i = 1;
        constants.containsKey(unique) || attribute(unique) != null || children.containsKey(unique);
        i++) {
      unique = base + "_" + i;
    }
    constants.put(unique, tensor);
    return unique;
  }

  boolean hasMethod(String name) {
    return type.methods.contains(name);
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    constants.values().forEach(Tensor::close);
    module.close();
  }
}
