// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.layers.Blueprint.Slot;
import dev.octet.quantization.tree.NativeTensors;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorImpl;

/**
 * Sees to it that the modules of one model share the tensors that the recorded ones shared. A
 * module gets the very tensors that were recorded, not copies.
 *
 * <p>A tensor that several modules have (tied weights) is registered in the first. The others use
 * the same tensor, so that its gradient is the sum of theirs, and register a second tensor with the
 * same memory, so that it is in their state but is trained once: libtorch's optimizers take a
 * tensor that is registered twice for two.
 *
 * <p>One object belongs to one model. Not thread-safe.
 */
public final class SharedTensors implements AutoCloseable {

  private final Map<List<Object>, Tensor> known = new HashMap<>();

  /** Create a record of the tensors of one model. */
  public SharedTensors() {}

  /**
   * Replace the tensors of a module without children that nobody uses yet.
   *
   * @param slots what its class registers
   * @param tensors the new tensors by name; slots that are not used, and those without a tensor,
   *     are undefined afterwards
   */
  void give(Module module, List<Slot> slots, Map<String, GraphAttribute> tensors) {
    Map<String, Tensor> parameters = new LinkedHashMap<>();
    Map<String, Tensor> buffers = new LinkedHashMap<>();
    try {
      for (Slot slot : slots) {
        GraphAttribute attribute = slot.used() ? tensors.get(slot.name()) : null;
        Map<String, Tensor> registered = slot.buffer() ? buffers : parameters;
        registered.put(slot.name(), own(module, slot.name(), attribute));
      }
      NativeTensors.register(module, parameters, buffers);
    } finally {
      parameters.values().forEach(Tensor::close);
      buffers.values().forEach(Tensor::close);
    }
  }

  /** Set a member of the module; returns a handle of the tensor to register for it. */
  private Tensor own(Module module, String name, GraphAttribute attribute) {
    if (attribute == null || !attribute.tensor().defined()) {
      Tensor none = new Tensor();
      NativeTensors.setMember(module, name, none);
      return none;
    }
    List<Object> key = key(attribute.tensor());
    Tensor first = known.get(key);
    if (first == null) {
      known.put(key, new Tensor(attribute.tensor()));
      NativeTensors.setMember(module, name, attribute.tensor());
      return new Tensor(attribute.tensor());
    }
    NativeTensors.setMember(module, name, first);
    Tensor second = first.detach();
    second.set_requires_grad(first.requires_grad());
    return second;
  }

  /** Whether two tensors are the same elements in memory, with or without gradient. */
  static boolean same(Tensor a, Tensor b) {
    return key(a).equals(key(b));
  }

  /** Equal for tensors that are the same elements in memory, with or without gradient. */
  private static List<Object> key(Tensor tensor) {
    try (Pointer data = tensor.data_ptr();
        Device device = tensor.device();
        BytePointer deviceName = device.str()) {
      TensorImpl impl = tensor.unsafeGetTensorImpl();
      return List.of(
          tensor.numel() == 0 ? impl.address() : data.address(),
          Shapes.of(tensor),
          LongStream.range(0, tensor.dim()).mapToObj(tensor::stride).toList(),
          tensor.scalar_type().intern(),
          deviceName.getString(),
          tensor.requires_grad());
    }
  }

  /** Closes the handles that were needed to recognise tensors; the modules keep theirs. */
  @Override
  public void close() {
    known.values().forEach(Tensor::close);
    known.clear();
  }
}
