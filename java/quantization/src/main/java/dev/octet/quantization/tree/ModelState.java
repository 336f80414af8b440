// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Copies parameters, buffers and modes from one model to another of the same structure. */
final class ModelState {

  private ModelState() {}

  /** Copy by name, after checking that names and shapes are the same. */
  static void copy(Module from, Module to) {
    Map<String, Tensor> source = NativeTensors.registered(from);
    Map<String, Tensor> destination = NativeTensors.registered(to);
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

  /**
   * What libtorch's clone leaves out: gradients switched off, tensors that the original has not
   * although its class registers them, and members tied to others.
   */
  static void finishNativeCopy(Module from, Module to, CopyContext context) {
    Map<String, Tensor> source = NativeTensors.registered(from);
    Map<String, Tensor> destination = NativeTensors.registered(to);
    Map<String, Tensor> members = NativeTensors.members(from);
    try {
      source.forEach(
          (name, tensor) -> {
            Tensor copy = destination.get(name);
            copy.set_requires_grad(tensor.requires_grad());
            context.copied(tensor, copy);
          });
      destination.keySet().stream()
          .filter(name -> !source.containsKey(name) && name.indexOf('.') < 0)
          .forEach(name -> NativeTensors.drop(to, name));
      members.forEach(
          (name, member) -> {
            if (source.values().stream().noneMatch(t -> same(t, member))) {
              copyTiedMember(to, name, member, source.get(name), destination.get(name), context);
            }
          });
    } finally {
      NativeTensors.close(List.of(source, destination, members));
    }
  }

  private static boolean same(Tensor a, Tensor b) {
    return CopyContext.key(a) == CopyContext.key(b);
  }

  /**
   * A member that is another module's tensor. What is registered in its stead shares the memory of
   * that one if it did so in the original.
   */
  private static void copyTiedMember(
      Module to,
      String name,
      Tensor member,
      Tensor registered,
      Tensor registeredCopy,
      CopyContext context) {
    Tensor copy = context.copy(member);
    NativeTensors.setMember(to, name, copy);
    if (registered != null && NativeTensors.sameMemory(registered, member)) {
      try (Tensor data = copy.detach()) {
        registeredCopy.set_data(data);
      }
    }
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
}
