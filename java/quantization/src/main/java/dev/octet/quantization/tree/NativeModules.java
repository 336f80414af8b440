// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SharedModuleVector;
import org.objenesis.Objenesis;
import org.objenesis.ObjenesisStd;

/**
 * What has to be known about the native side of modules: identity and ownership.
 *
 * <p>Every class of the presets' module hierarchy has its {@code torch::nn::Module} at offset zero,
 * so the address of any view of a module identifies it. Ownership is less simple: a Java object
 * that {@code Module.asLinear()} or a cast constructor returns has no share of the native object,
 * and registering it would give the native object a second, independent reference count. {@link
 * #attach} makes typed Java objects that own a share as those of a constructor do.
 */
final class NativeModules {

  private static final Field DEALLOCATOR = field(Pointer.class, "deallocator");
  private static final Class<?> NATIVE_DEALLOCATOR = nested("NativeDeallocator");
  private static final Class<?> DEALLOCATOR_REFERENCE = nested("DeallocatorReference");
  private static final Field HEAD = field(DEALLOCATOR_REFERENCE, "head");
  private static final Field NEXT = field(DEALLOCATOR_REFERENCE, "next");
  private static final Field OWNER = field(NATIVE_DEALLOCATOR, "ownerAddress");
  private static final Field RELEASE = field(NATIVE_DEALLOCATOR, "deallocatorAddress");
  private static final Method INIT = initMethod();
  private static final Objenesis OBJENESIS = new ObjenesisStd();

  private NativeModules() {}

  static long address(Module module) {
    if (module.isNull()) {
      throw new IllegalArgumentException(
          "module of " + module.getClass().getName() + " is closed: its native object is gone");
    }
    return module.address();
  }

  static boolean isPreset(Class<?> type) {
    return type.getPackageName().equals(Module.class.getPackageName());
  }

  /** Whether the object has a share of the native module, so that registering it is safe. */
  static boolean owns(Module module) {
    return NATIVE_DEALLOCATOR.isInstance(get(DEALLOCATOR, module));
  }

  /** A view of the module that has a share of it: the module itself where it does. */
  static Module owned(Module module) {
    if (!owns(module)) {
      return newShare(module);
    }
    share(module);
    return module;
  }

  /**
   * Turns an object that owns its native module alone into one that has a share of it.
   *
   * <p>The presets' constructors of pooling, padding, dropout and normalization modules make native
   * objects without a reference count. Registering such a module gives it one that the Java object
   * does not know of, and both free it.
   */
  static void share(Module module) {
    Object deallocator = get(DEALLOCATOR, module);
    if (!NATIVE_DEALLOCATOR.isInstance(deallocator)) {
      return;
    }
    try {
      if (OWNER.getLong(deallocator) == module.address()) {
        give(deallocator, firstShare(module));
      }
    } catch (IllegalAccessException e) {
      throw inaccessible(e);
    }
  }

  /**
   * Takes native modules away from Java objects that own them alone, beside the registry.
   *
   * <p>{@code sequential.push_back(new DropoutImpl())} leaves such an object behind (see {@link
   * #share}), which no field holds and whose collection would free the module a second time. It is
   * found among all objects that JavaCPP has to free.
   *
   * @param addresses of registered modules, whose objects in fields have a share already
   */
  static void disown(Set<Long> addresses) {
    if (addresses.isEmpty()) {
      return;
    }
    synchronized (DEALLOCATOR_REFERENCE) {
      try {
        for (Object object = HEAD.get(null); object != null; object = NEXT.get(object)) {
          if (NATIVE_DEALLOCATOR.isInstance(object) && addresses.contains(OWNER.getLong(object))) {
            OWNER.set(object, 0L);
            RELEASE.set(object, 0L);
          }
        }
      } catch (IllegalAccessException e) {
        throw inaccessible(e);
      }
    }
  }

  private static Module firstShare(Module module) {
    try (SharedModuleVector all = module.modules(true)) {
      return all.get(0);
    } catch (RuntimeException nobodyElseOwnsIt) {
      try (SharedModuleVector one = new SharedModuleVector(module)) {
        return one.get(0);
      }
    }
  }

  /** Makes a deallocator release the share of another object, which loses it. */
  private static void give(Object deallocator, Module share) throws IllegalAccessException {
    Object from = get(DEALLOCATOR, share);
    OWNER.set(deallocator, OWNER.get(from));
    RELEASE.set(deallocator, RELEASE.get(from));
    OWNER.set(from, 0L);
    RELEASE.set(from, 0L);
  }

  /**
   * A Java object of the given class, made without its constructors, with a share of the module.
   */
  static <T extends Module> T attach(Class<T> type, Module module) {
    T object = type.cast(allocate(type));
    Module share = newShare(module);
    Object deallocator = get(DEALLOCATOR, share);
    try {
      INIT.invoke(
          object,
          share.address(),
          share.capacity(),
          OWNER.get(deallocator),
          RELEASE.get(deallocator));
      OWNER.set(deallocator, 0L);
      RELEASE.set(deallocator, 0L);
    } catch (ReflectiveOperationException e) {
      throw inaccessible(e);
    }
    // An enclosing PointerScope must not free an object that the model keeps.
    object.retainReference();
    return object;
  }

  /** An object of the class, made without its constructors: a null pointer, fields at default. */
  static Object allocate(Class<?> type) {
    return OBJENESIS.newInstance(type);
  }

  private static Module newShare(Module module) {
    if (owns(module)) {
      share(module);
      try (SharedModuleVector one = new SharedModuleVector(module)) {
        return one.get(0);
      }
    }
    try (SharedModuleVector all = module.modules(true)) {
      return all.get(0);
    }
  }

  private static Object get(Field field, Object object) {
    try {
      return field.get(object);
    } catch (IllegalAccessException e) {
      throw inaccessible(e);
    }
  }

  private static Class<?> nested(String name) {
    try {
      return Class.forName(Pointer.class.getName() + "$" + name);
    } catch (ClassNotFoundException e) {
      throw inaccessible(e);
    }
  }

  private static Field field(Class<?> type, String name) {
    try {
      Field field = type.getDeclaredField(name);
      field.setAccessible(true);
      return field;
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw inaccessible(e);
    }
  }

  private static Method initMethod() {
    try {
      Method init =
          Pointer.class.getDeclaredMethod("init", long.class, long.class, long.class, long.class);
      init.setAccessible(true);
      return init;
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw inaccessible(e);
    }
  }

  private static IllegalStateException inaccessible(Exception cause) {
    return new IllegalStateException(
        "Octet needs JavaCPP 1.5.13 with reflective access to org.bytedeco.javacpp.Pointer; on the"
            + " module path add --add-opens org.bytedeco.javacpp/org.bytedeco.javacpp=ALL-UNNAMED",
        cause);
  }
}
