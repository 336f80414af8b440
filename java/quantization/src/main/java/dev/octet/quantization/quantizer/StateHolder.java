// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.TypeNamed;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The native module in which the tensors of a {@link TensorState} are registered. */
final class StateHolder extends Module implements TypeNamed, ChildHolder {
  private final String typeName;
  private final Map<String, Module> children = new LinkedHashMap<>();

  StateHolder(String typeName) {
    super(typeName);
    this.typeName = typeName;
    // A scope that is open where a range is first set must not free what the model keeps.
    retainReference();
  }

  void buffer(String name, Tensor tensor) {
    register_buffer(name, tensor);
  }

  void parameter(String name, Tensor tensor) {
    register_parameter(name, tensor, true);
  }

  void child(String name, Module module) {
    register_module(name, module);
    children.put(name, module);
  }

  @Override
  public String typeName() {
    return typeName;
  }

  @Override
  public Map<String, Module> childObjects() {
    return children;
  }

  @Override
  public void childObject(String name, Module module) {
    children.put(name, module);
  }

  /** Keeps ranges in 32-bit floats, in which all kernels compute, when a model changes its type. */
  @Override
  public void to(ScalarType dtype, boolean nonBlocking) {}

  /** Follows the model to a device, but keeps 32-bit floats. */
  @Override
  public void to(Device device, ScalarType dtype, boolean nonBlocking) {
    to(device, nonBlocking);
  }
}
