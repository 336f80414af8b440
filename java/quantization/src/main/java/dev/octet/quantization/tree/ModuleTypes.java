// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Method;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Module;

/** Tells what a module is: its identity, its Java type and the conventional name of its type. */
public final class ModuleTypes {

  private static final String NATIVE_PREFIX = "torch::nn::";
  private static final String IMPL = "Impl";

  private ModuleTypes() {}

  /**
   * Return the typed Java object for a module that native code handed out.
   *
   * <p>The object owns a share of the native module, unlike those of {@code asLinear()} and its
   * kind, and so may be registered elsewhere. A module whose Java class is already more than {@link
   * Module}, and one that is none of the presets' types, is returned as it is.
   *
   * @param module any module
   * @return a Java object of the presets' class, or {@code module}
   */
  public static Module typed(Module module) {
    if (module.getClass() != Module.class) {
      return module;
    }
    String name = nativeName(module);
    if (!name.startsWith(NATIVE_PREFIX) || !name.endsWith(IMPL)) {
      return module;
    }
    Class<? extends Module> type = presetClass(name.substring(NATIVE_PREFIX.length()));
    return type == null || !isNatively(module, type) ? module : NativeModules.attach(type, module);
  }

  /**
   * Return the conventional name of a module's type.
   *
   * @param module any module
   * @return {@code "Linear"} for {@code LinearImpl}, the simple class name for classes of users and
   *     of Octet, the name given to a {@link TypeNamed} module
   */
  public static String typeName(Module module) {
    if (module instanceof Facade facade) {
      return typeName(facade.facadeTarget());
    }
    if (module instanceof TypeNamed named) {
      return named.typeName();
    }
    Class<?> type = module.getClass();
    if (type == Module.class) {
      String name = nativeName(module);
      return withoutImpl(
          name.startsWith(NATIVE_PREFIX) ? name.substring(NATIVE_PREFIX.length()) : name);
    }
    while (type.isAnonymousClass()) {
      type = type.getSuperclass();
    }
    return NativeModules.isPreset(type) ? withoutImpl(type.getSimpleName()) : type.getSimpleName();
  }

  /**
   * Return a number that identifies a module among those alive.
   *
   * @param module any view of a module; a facade counts as the module it stands for
   * @return the address of the native module
   * @throws IllegalArgumentException if the module is closed
   */
  public static long identity(Module module) {
    return NativeModules.address(resolve(module));
  }

  /**
   * Tell whether two Java objects stand for the same module.
   *
   * @param a a module
   * @param b a module
   * @return whether they have the same native object, or one is the facade of the other
   */
  public static boolean same(Module a, Module b) {
    return a == b || identity(a) == identity(b);
  }

  /**
   * Return a view of a module that is safe to register.
   *
   * @param module any view, also one of {@code asLinear()} and its kind, and a facade
   * @return the module, or a view of the same native object that has a share in owning it
   */
  public static Module owned(Module module) {
    return NativeModules.owned(resolve(module));
  }

  static Module resolve(Module module) {
    return module instanceof Facade facade ? facade.facadeTarget() : module;
  }

  static String nativeName(Module module) {
    try (BytePointer name = module.name()) {
      return name == null ? "" : name.getString();
    }
  }

  private static String withoutImpl(String name) {
    return name.endsWith(IMPL) ? name.substring(0, name.length() - IMPL.length()) : name;
  }

  private static Class<? extends Module> presetClass(String simpleName) {
    try {
      String name = Module.class.getPackageName() + "." + simpleName;
      return Class.forName(name, true, Module.class.getClassLoader()).asSubclass(Module.class);
    } catch (ClassNotFoundException | ClassCastException e) {
      return null;
    }
  }

  /** A user's module may call itself anything: believe the native dynamic cast. */
  private static boolean isNatively(Module module, Class<? extends Module> type) {
    try {
      Method cast = Module.class.getMethod("as" + withoutImpl(type.getSimpleName()));
      return cast.invoke(module) != null;
    } catch (NoSuchMethodException e) {
      return false;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot cast " + type.getName(), e);
    }
  }
}
