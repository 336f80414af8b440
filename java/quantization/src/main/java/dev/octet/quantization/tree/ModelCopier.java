// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.Module;

/**
 * Makes independent copies of models.
 *
 * <p>Parameters and buffers are cloned, modules and tensors that occur several times in the model
 * occur as often in the copy, and training mode, {@code requires_grad} and options are those of the
 * original. The presets' modules are copied by libtorch and its containers become ones that keep
 * Java objects; other classes have to help by implementing {@link Copyable} or {@link
 * StructuralCopy}, or the caller with a factory.
 */
public final class ModelCopier {

  private ModelCopier() {}

  /**
   * Copy a model.
   *
   * @param model the original, which is not changed
   * @param <M> the type of the model
   * @return the copy
   * @throws IllegalArgumentException if a class of the model cannot be copied; the message says
   *     what can be done
   */
  @SuppressWarnings("unchecked")
  public static <M extends Module> M copy(M model) {
    try (CopyContext context = new CopyContext(model)) {
      return (M) context.copy(model);
    }
  }

  /**
   * Copy a model into a new one that a factory makes.
   *
   * @param model the original, which is not changed
   * @param factory makes a model of the same structure, with any parameter values
   * @param <M> the type of the model
   * @return the factory's model, with the parameters, buffers and training modes of the original
   * @throws IllegalArgumentException if the factory's model differs in class, in the names or in
   *     the shapes of its parameters and buffers
   */
  @SuppressWarnings("unchecked")
  public static <M extends Module> M copy(M model, Supplier<? extends Module> factory) {
    Module copy = Objects.requireNonNull(factory.get(), "the model factory returned null");
    if (copy.getClass() != model.getClass()) {
      throw new IllegalArgumentException(
          "the model factory returned a "
              + copy.getClass().getName()
              + "; expected a "
              + model.getClass().getName()
              + " as the model is");
    }
    if (ModuleTypes.same(model, copy)) {
      throw new IllegalArgumentException(
          "the model factory returned the model itself; expected a new object at each call");
    }
    ModelState.copy(model, copy);
    return (M) copy;
  }

  /** The message for a class that nobody knows how to copy. */
  static String cannotCopy(Module module) {
    String name = module.getClass().getName();
    return "cannot copy a module of class "
        + name
        + ": only its own code knows its fields. Let it implement Copyable, pass a Supplier that"
        + " makes a new model, or convert in place (Conversion.quantizeModel,"
        + " IntegerModules.convertInPlace)";
  }

  static Module copy(Module module, CopyContext context) {
    if (module instanceof StructuralCopy structural) {
      return checked(module, structural.copyStructure(context));
    }
    if (module instanceof Copyable<?> copyable) {
      return checked(module, copyable.copy());
    }
    if (Containers.isNative(module)) {
      return copyContainer(module, context);
    }
    Class<? extends Module> type = module.getClass();
    if (type == Module.class || !isNativeOnly(type)) {
      throw new IllegalArgumentException(cannotCopy(module));
    }
    try (Module clone = module.clone((DeviceOptional) null)) {
      Module copy = NativeModules.attach(type, clone);
      ModelState.finishNativeCopy(module, copy, context);
      return copy;
    }
  }

  private static Module copyContainer(Module container, CopyContext context) {
    Map<String, Module> copies = new LinkedHashMap<>();
    context
        .tree()
        .children(container)
        .forEach((name, child) -> copies.put(name, context.copy(child)));
    return Containers.toJava(container, copies);
  }

  private static Module checked(Module original, Module copy) {
    if (copy == null || ModuleTypes.same(original, copy)) {
      throw new IllegalArgumentException(
          original.getClass().getName()
              + ".copy() returned "
              + (copy == null ? "null" : "the model itself")
              + "; expected a new module");
    }
    return copy;
  }

  /** Whether all state is native: a class of the presets, or a subclass that adds no fields. */
  private static boolean isNativeOnly(Class<?> type) {
    for (Class<?> c = type; c != Module.class; c = c.getSuperclass()) {
      if (NativeModules.isPreset(c)) {
        return true;
      }
      for (Field field : c.getDeclaredFields()) {
        if (!Modifier.isStatic(field.getModifiers()) && !field.getName().startsWith("this$")) {
          return false;
        }
      }
    }
    return false;
  }
}
