// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.SequentialImpl;

/** Turns libtorch's containers into those that keep Java objects. */
final class Containers {

  private Containers() {}

  /** Whether the module is one of libtorch's own containers, with no Java behind it. */
  static boolean isNative(Module module) {
    Class<?> type = module.getClass();
    return type == SequentialImpl.class
        || type == ModuleListImpl.class
        || type == ModuleDictImpl.class;
  }

  /** A container of Java objects in the mode of the native one, with the children given. */
  static Module toJava(Module container, Map<String, Module> children) {
    boolean training = container.is_training();
    if (container instanceof SequentialImpl) {
      JavaSequential java = new JavaSequential();
      java.train(training);
      children.forEach(java::add);
      return java;
    }
    if (container instanceof ModuleListImpl) {
      JavaModuleList java = new JavaModuleList();
      java.train(training);
      children.forEach(java::add);
      return java;
    }
    JavaModuleDict java = new JavaModuleDict();
    java.train(training);
    children.forEach(java::add);
    return java;
  }

  static Module clone(Module container, DeviceOptional device) {
    Module copy = ModelCopier.copy(container);
    if (device != null && device.has_value()) {
      try (Device target = device.get()) {
        copy.to(target, false);
      }
    }
    return copy;
  }

  /** A subclass may hold more than the container knows of, which a plain copy would lose. */
  static void requireOwnClass(Module module, Class<?> type) {
    if (module.getClass() != type) {
      throw new IllegalArgumentException(ModelCopier.cannotCopy(module));
    }
  }
}
