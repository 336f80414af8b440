// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.StringTensorDictItem;
import org.bytedeco.pytorch.Tensor;

/** Copies parameters, buffers and modes from one model to another of the same structure. */
final class ModelState {

  private ModelState() {}

  /** Copy by name, after checking that names and shapes are the same. */
  static void copy(Module from, Module to) {
    Map<String, Tensor> source = tensors(from);
    Map<String, Tensor> destination = tensors(to);
    try (NoGradGuard noGrad = new NoGradGuard()) {
      verify(source, destination);
      source.forEach(
          (name, tensor) -> {
            Tensor copy = destination.get(name);
            try (Tensor detached = tensor.detach();
                Tensor data = detached.clone()) {
              copy.set_data(data);
            }
            copy.set_requires_grad(tensor.requires_grad());
          });
    } finally {
      source.values().forEach(Tensor::close);
      destination.values().forEach(Tensor::close);
    }
    copyModes(from, to);
  }

  /** What libtorch's clone leaves out: gradients switched off, and members tied to others. */
  static void finishNativeCopy(Module from, Module to, CopyContext context) {
    Map<String, Tensor> source = tensors(from);
    Map<String, Tensor> destination = tensors(to);
    source.forEach(
        (name, tensor) -> {
          Tensor copy = destination.get(name);
          copy.set_requires_grad(tensor.requires_grad());
          context.copied(tensor, copy);
        });
    for (Method getter : from.getClass().getMethods()) {
      Method setter = setterOf(getter);
      if (setter != null) {
        copyTiedMember(from, to, getter, setter, source, context);
      }
    }
    source.values().forEach(Tensor::close);
  }

  private static void copyTiedMember(
      Module from,
      Module to,
      Method getter,
      Method setter,
      Map<String, Tensor> registered,
      CopyContext context) {
    try {
      Tensor member = (Tensor) getter.invoke(from);
      if (member == null || member.isNull() || !member.defined()) {
        return;
      }
      long key = CopyContext.key(member);
      if (registered.values().stream().noneMatch(t -> CopyContext.key(t) == key)) {
        setter.invoke(to, context.copy(member));
      }
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("cannot copy " + getter, e);
    }
  }

  private static Method setterOf(Method getter) {
    if (getter.getReturnType() != Tensor.class
        || getter.getParameterCount() != 0
        || Modifier.isStatic(getter.getModifiers())
        || !NativeModules.isPreset(getter.getDeclaringClass())) {
      return null;
    }
    return Arrays.stream(getter.getDeclaringClass().getMethods())
        .filter(m -> m.getName().equals(getter.getName()))
        .filter(m -> Arrays.equals(m.getParameterTypes(), new Class<?>[] {Tensor.class}))
        .filter(m -> Module.class.isAssignableFrom(m.getReturnType()))
        .findFirst()
        .orElse(null);
  }

  private static void verify(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    List<String> problems = new ArrayList<>();
    List<String> missing = expected.keySet().stream().filter(n -> !actual.containsKey(n)).toList();
    List<String> unexpected =
        actual.keySet().stream().filter(n -> !expected.containsKey(n)).toList();
    if (!missing.isEmpty()) {
      problems.add("missing " + missing);
    }
    if (!unexpected.isEmpty()) {
      problems.add("unexpected " + unexpected);
    }
    expected.forEach(
        (name, tensor) -> {
          Tensor other = actual.get(name);
          if (other != null && !Arrays.equals(tensor.shape(), other.shape())) {
            problems.add(
                name
                    + " of shape "
                    + Arrays.toString(other.shape())
                    + " instead of "
                    + Arrays.toString(tensor.shape()));
          }
        });
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "the model factory made a model whose parameters and buffers differ from the original's: "
              + String.join("; ", problems)
              + "; it must build the same structure (before conversion)");
    }
  }

  private static void copyModes(Module from, Module to) {
    Map<String, Boolean> modes = new LinkedHashMap<>();
    for (ModuleNode node : ModuleTree.of(from).nodes()) {
      modes.put(node.path(), node.module().is_training());
    }
    // Parents come first and pass their mode on, so that children have the last word.
    for (ModuleNode node : ModuleTree.of(to).nodes()) {
      Boolean mode = modes.get(node.path());
      if (mode != null && mode != node.module().is_training()) {
        node.module().train(mode);
      }
    }
  }

  private static Map<String, Tensor> tensors(Module module) {
    Map<String, Tensor> all = new LinkedHashMap<>();
    try (StringTensorDict parameters = module.named_parameters();
        StringTensorDict buffers = module.named_buffers()) {
      addAll(parameters, all);
      addAll(buffers, all);
    }
    return all;
  }

  private static void addAll(StringTensorDict dict, Map<String, Tensor> all) {
    for (long i = 0; i < dict.size(); i++) {
      StringTensorDictItem item = dict.get(i);
      try (BytePointer key = item.key()) {
        all.put(key.getString(), new Tensor(item.value()));
      }
    }
  }
}
