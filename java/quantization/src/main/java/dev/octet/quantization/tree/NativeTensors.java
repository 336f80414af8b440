// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;

/**
 * The tensors of one of the presets' modules, which are in two places: registered by name, for
 * state dicts and optimizers, and as members of the C++ class, for its forward.
 */
public final class NativeTensors {

  private static final Class<?>[] ONE_TENSOR = {Tensor.class};

  private NativeTensors() {}

  /**
   * Replace the registered tensors of a module without children; its members stay.
   *
   * @param module the module
   * @param parameters the new parameters by name, in order; an undefined tensor keeps a name that
   *     the class registers
   * @param buffers the new buffers by name, in order
   */
  public static void register(
      Module module, Map<String, Tensor> parameters, Map<String, Tensor> buffers) {
    boolean training = module.is_training();
    try (Module registry = new Module()) {
      parameters.forEach(
          (name, tensor) ->
              registry.register_parameter(
                  name, tensor, tensor.defined() && tensor.requires_grad()));
      buffers.forEach(registry::register_buffer);
      // Assigning libtorch's base class replaces what is registered, children too, and the mode.
      module.put(registry);
    }
    module.train(training);
  }

  /**
   * Replace a member of a module.
   *
   * @param module the module
   * @param name the name of the member
   * @param tensor its new value; undefined if the module is to have none
   * @throws IllegalArgumentException if the class of the module has no such tensor
   */
  public static void setMember(Module module, String name, Tensor tensor) {
    Method setter =
        Arrays.stream(module.getClass().getMethods())
            .filter(method -> method.getName().equals(name) && isSetter(method))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "a "
                            + module.getClass().getName()
                            + " has no tensor '"
                            + name
                            + "'; expected the name of a member of the presets' class"));
    try {
      setter.invoke(module, tensor);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot set '" + name + "' by " + setter, e);
    }
  }

  /**
   * Take a tensor away from a module without children, such as the bias of a LayerNorm, whose class
   * knows only a weight with a bias or neither.
   *
   * @param module the module
   * @param name the name of a registered tensor, which is undefined afterwards
   */
  public static void drop(Module module, String name) {
    Map<String, Tensor> parameters = registered(module, Module::named_parameters);
    Map<String, Tensor> buffers = registered(module, Module::named_buffers);
    try (Tensor none = new Tensor()) {
      for (Map<String, Tensor> tensors : List.of(parameters, buffers)) {
        tensors.computeIfPresent(
            name,
            (key, old) -> {
              old.close();
              return new Tensor(none);
            });
      }
      register(module, parameters, buffers);
      setMember(module, name, none);
    } finally {
      close(List.of(parameters, buffers));
    }
  }

  /** The members that have a value, by name; handles that the caller closes. */
  static Map<String, Tensor> members(Module module) {
    Map<String, Tensor> members = new LinkedHashMap<>();
    for (Method getter : module.getClass().getMethods()) {
      if (!isGetter(getter)) {
        continue;
      }
      try {
        Tensor member = (Tensor) getter.invoke(module);
        if (member != null && !member.isNull() && member.defined()) {
          members.put(getter.getName(), new Tensor(member));
        }
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException("cannot read " + getter, e);
      }
    }
    return members;
  }

  private static boolean isGetter(Method method) {
    return method.getReturnType() == Tensor.class
        && method.getParameterCount() == 0
        && !Modifier.isStatic(method.getModifiers())
        && NativeModules.isPreset(method.getDeclaringClass())
        && Arrays.stream(method.getDeclaringClass().getMethods())
            .anyMatch(other -> other.getName().equals(method.getName()) && isSetter(other));
  }

  private static boolean isSetter(Method method) {
    return Arrays.equals(method.getParameterTypes(), ONE_TENSOR)
        && Module.class.isAssignableFrom(method.getReturnType());
  }

  /** What is registered, also in children; handles that the caller closes. */
  static Map<String, Tensor> registered(Module module) {
    Map<String, Tensor> all = registered(module, Module::named_parameters);
    all.putAll(registered(module, Module::named_buffers));
    return all;
  }

  private static Map<String, Tensor> registered(
      Module module, Function<Module, StringTensorDict> list) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    try (StringTensorDict dict = list.apply(module)) {
      for (long i = 0; i < dict.size(); i++) {
        StringTensorDictItem item = dict.get(i);
        try (BytePointer key = item.key()) {
          all.put(key.getString(), new Tensor(item.value()));
        }
      }
    }
    return all;
  }

  /** Whether two tensors are the same elements in memory. */
  static boolean sameMemory(Tensor a, Tensor b) {
    try (Pointer first = a.data_ptr();
        Pointer second = b.data_ptr()) {
      return first.address() == second.address() && Arrays.equals(a.shape(), b.shape());
    }
  }

  static void close(List<Map<String, Tensor>> handles) {
    handles.forEach(map -> map.values().forEach(Tensor::close));
  }
}
