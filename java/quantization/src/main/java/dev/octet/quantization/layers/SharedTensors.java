// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.layers.Blueprint.Slot;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
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

  private static final Class<?>[] SETTER = {Tensor.class};

  private final Map<List<Object>, Tensor> known = new HashMap<>();

  /** Create a record of the tensors of one model. */
  public SharedTensors() {}

  /**
   * Replace the tensors of a module without children that nobody uses yet.
   *
   * @param slots what its class registers, the buffers behind the parameters
   * @param tensors the new tensors by name; slots that are not used, and those without a tensor,
   *     are undefined afterwards
   */
  void give(Module module, List<Slot> slots, Map<String, GraphAttribute> tensors) {
    boolean training = module.is_training();
    List<Tensor> handles = new ArrayList<>();
    try (Module registry = new Module()) {
      for (Slot slot : slots) {
        GraphAttribute attribute = slot.used() ? tensors.get(slot.name()) : null;
        Tensor own = own(module, slot.name(), attribute, handles);
        if (slot.buffer()) {
          registry.register_buffer(slot.name(), own);
        } else {
          registry.register_parameter(slot.name(), own, own.defined() && own.requires_grad());
        }
      }
      // Without children, all that is assigned are the registered tensors and the mode.
      module.put(registry);
    } finally {
      handles.forEach(Tensor::close);
    }
    module.train(training);
  }

  /** Set a member of the module; returns the tensor to register for it. */
  private Tensor own(Module module, String name, GraphAttribute attribute, List<Tensor> handles) {
    if (attribute == null || !attribute.tensor().defined()) {
      Tensor none = new Tensor();
      handles.add(none);
      set(module, name, none);
      return none;
    }
    List<Object> key = key(attribute.tensor());
    Tensor first = known.get(key);
    if (first == null) {
      known.put(key, new Tensor(attribute.tensor()));
      set(module, name, attribute.tensor());
      return attribute.tensor();
    }
    set(module, name, first);
    Tensor second = first.detach();
    second.set_requires_grad(first.requires_grad());
    handles.add(second);
    return second;
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

  private static void set(Module module, String name, Tensor tensor) {
    Method setter =
        Stream.of(module.getClass().getMethods())
            .filter(method -> method.getName().equals(name))
            .filter(method -> Arrays.equals(method.getParameterTypes(), SETTER))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "a " + module.getClass().getName() + " has no tensor '" + name + "'"));
    try {
      setter.invoke(module, tensor);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot set " + name + " by " + setter, e);
    }
  }

  /** Closes the handles that were needed to recognise tensors; the modules keep theirs. */
  @Override
  public void close() {
    known.values().forEach(Tensor::close);
    known.clear();
  }
}
