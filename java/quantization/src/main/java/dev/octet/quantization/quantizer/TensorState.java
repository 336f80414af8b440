// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * The named tensors of a quantizer or an estimator, registered in a native module so that they
 * appear among the parameters and buffers of a model.
 *
 * <p>libtorch can't unregister a tensor, nor turn a buffer into a parameter. Where that is needed,
 * a new native module takes the place of the old one, and the listener registers it with the
 * parent. The tensors stay the same all the while: an optimizer that holds one keeps learning it.
 *
 * <p>Not safe for use by several threads while something changes.
 */
public final class TensorState implements AutoCloseable {
  private final String typeName;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Set<String> parameters = new LinkedHashSet<>();
  private final Map<String, Module> children = new LinkedHashMap<>();
  private Runnable listener = () -> {};
  private StateHolder holder;
  private StateHolder alias;

  /** Makes a state without tensors, whose native module has a type name. */
  public TensorState(String typeName) {
    this.typeName = typeName;
    this.holder = new StateHolder(typeName);
  }

  /** Sets what is to be done after {@link #module()} has become another. */
  public void onReplace(Runnable listener) {
    this.listener = listener;
  }

  /** Returns the native module that holds the tensors now. */
  public Module module() {
    return holder;
  }

  /**
   * Returns a module for a second place in the same model: {@link #module()} where all tensors are
   * buffers, else one that has the same tensors as buffers, so that no parameter is listed twice.
   */
  public Module secondModule() {
    return alias == null ? holder : alias;
  }

  /** Returns the tensors by name. Borrowed. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /** Returns a tensor, or null. Borrowed. */
  public Tensor get(String name) {
    return tensors.get(name);
  }

  /**
   * Gives a tensor a new value, which may have another shape, or adds it as a buffer.
   *
   * @param value taken over: the caller neither uses nor closes it afterwards
   */
  public void put(String name, Tensor value) {
    Tensor present = tensors.get(name);
    if (present != null) {
      boolean reshaped = !present.is_same_size(value);
      present.set_data(value);
      value.close();
      if (reshaped) {
        clearGradient(present);
      }
      return;
    }
    value.retainReference();
    tensors.put(name, value);
    replace();
  }

  /** Removes tensors that are there. */
  public void remove(String... names) {
    boolean removed = false;
    for (String name : names) {
      try (Tensor tensor = tensors.remove(name)) {
        removed |= tensor != null;
      }
      parameters.remove(name);
    }
    if (removed) {
      replace();
    }
  }

  /** Makes tensors parameters, which require a gradient, or buffers again. */
  public void trainable(boolean on, String... names) {
    boolean changed = false;
    for (String name : names) {
      Tensor tensor = tensors.get(name);
      if (tensor == null || parameters.contains(name) == on) {
        continue;
      }
      changed = true;
      tensor.set_requires_grad(on);
      if (on) {
        parameters.add(name);
      } else {
        parameters.remove(name);
        // An optimizer that still holds it must find nothing to apply.
        clearGradient(tensor);
      }
    }
    if (changed) {
      replace();
    }
  }

  /** Sets the module that is registered under a name inside this one. */
  public void child(String name, Module module) {
    if (children.put(name, module) != module) {
      replace();
    }
  }

  private static void clearGradient(Tensor tensor) {
    tensor.mutable_grad().reset();
  }

  private void replace() {
    StateHolder oldHolder = holder;
    StateHolder oldAlias = alias;
    holder = build(true);
    alias = parameters.isEmpty() ? null : build(false);
    holder.train(oldHolder.is_training());
    listener.run();
    oldHolder.close();
    if (oldAlias != null) {
      oldAlias.close();
    }
  }

  private StateHolder build(boolean withParameters) {
    StateHolder built = new StateHolder(typeName);
    tensors.forEach(
        (name, tensor) -> {
          if (withParameters && parameters.contains(name)) {
            built.parameter(name, tensor);
          } else {
            built.buffer(name, tensor);
          }
        });
    children.forEach(built::child);
    return built;
  }

  /** Closes the tensors' and modules' handles; a model in which they are registered keeps them. */
  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
    tensors.clear();
    holder.close();
    if (alias != null) {
      alias.close();
    }
  }
}
