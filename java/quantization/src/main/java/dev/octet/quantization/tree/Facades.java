// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static net.bytebuddy.matcher.ElementMatchers.isFinal;
import static net.bytebuddy.matcher.ElementMatchers.nameStartsWith;
import static net.bytebuddy.matcher.ElementMatchers.named;
import static net.bytebuddy.matcher.ElementMatchers.namedOneOf;
import static net.bytebuddy.matcher.ElementMatchers.not;
import static net.bytebuddy.matcher.ElementMatchers.returns;
import static net.bytebuddy.matcher.ElementMatchers.takesNoArguments;

import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.modifier.Visibility;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.dynamic.loading.ClassLoadingStrategy;
import net.bytebuddy.dynamic.loading.MultipleParentClassLoader;
import net.bytebuddy.dynamic.scaffold.subclass.ConstructorStrategy;
import net.bytebuddy.implementation.FieldAccessor;
import net.bytebuddy.implementation.FixedValue;
import net.bytebuddy.implementation.MethodDelegation;
import net.bytebuddy.matcher.ElementMatcher;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;

/**
 * Makes objects of a required class that stand for a wrapper module.
 *
 * <p>Of the wrapped module a facade has the native object, so that parameters and options are at
 * hand, and the Java fields; calls of forward, and changes of mode, device and type, go to the
 * wrapper.
 */
final class Facades {

  private static final String TARGET = "octetFacadeTarget";

  private static final ClassValue<Class<?>> CLASSES =
      new ClassValue<>() {
        @Override
        protected Class<?> computeValue(Class<?> type) {
          return generate(type);
        }
      };

  private Facades() {}

  /** The module behind the wrapper whose native object and fields a facade can take, or null. */
  static Module inner(Module wrapper, Class<?> required) {
    Module module = wrapper;
    while (module instanceof FacadeTarget target) {
      module = target.facadeInner();
      if (required.isInstance(module)) {
        return module;
      }
    }
    return null;
  }

  /** The class to generate a subclass of: that of the inner module, so that its methods stay. */
  static Class<?> superclass(Module inner, Class<?> required) {
    return isOpen(inner.getClass()) || required.isInterface() ? inner.getClass() : required;
  }

  /** A facade of the innermost module's class, or of the nearest superclass that is not final. */
  static Module forUntyped(Module wrapper) {
    Module inner = wrapper;
    while (inner instanceof FacadeTarget target) {
      inner = target.facadeInner();
    }
    Class<?> superclass = inner.getClass();
    while (!isOpen(superclass)) {
      superclass = superclass.getSuperclass();
    }
    return superclass == Module.class ? wrapper : create(wrapper, inner, superclass);
  }

  static boolean isOpen(Class<?> type) {
    return !Modifier.isFinal(type.getModifiers()) && !type.isSealed() && !type.isHidden();
  }

  /** A facade of the given superclass for the wrapper, with the inner module's state. */
  static Module create(Module wrapper, Module inner, Class<?> superclass) {
    Class<?> type = CLASSES.get(superclass);
    Module facade = (Module) NativeModules.allocate(type);
    for (Class<?> c = superclass; c != Object.class; c = c.getSuperclass()) {
      for (Field field : c.getDeclaredFields()) {
        boolean ownership = c == Pointer.class && field.getName().equals("deallocator");
        if (!Modifier.isStatic(field.getModifiers()) && !ownership) {
          copy(field, inner, facade);
        }
      }
    }
    try {
      Field target = type.getDeclaredField(TARGET);
      target.setAccessible(true);
      target.set(facade, wrapper);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot set up the facade " + type.getName(), e);
    }
    return facade;
  }

  private static void copy(Field field, Module from, Module to) {
    try {
      field.setAccessible(true);
      field.set(to, field.get(from));
    } catch (IllegalAccessException | RuntimeException e) {
      throw new ModuleReplaceException(
          "cannot copy field " + field + " into a facade; open its package to Octet", e);
    }
  }

  private static Class<?> generate(Class<?> type) {
    TypeDescription self = TypeDescription.ForLoadedType.of(type);
    DynamicType.Unloaded<?> generated =
        new ByteBuddy()
            .subclass(type, ConstructorStrategy.Default.NO_CONSTRUCTORS)
            .name(type.getName() + "$OctetFacade")
            .implement(Facade.class)
            .defineField(TARGET, Module.class, Visibility.PRIVATE)
            .method(named("facadeTarget").and(takesNoArguments()))
            .intercept(FieldAccessor.ofField(TARGET))
            .method(named("forward").and(not(isFinal())))
            .intercept(
                MethodDelegation.withDefaultConfiguration()
                    .filter(named("forward"))
                    .to(FacadeCalls.class))
            .method(isOfEveryModule().and(not(isFinal())))
            .intercept(
                MethodDelegation.withDefaultConfiguration()
                    .filter(named("passOn"))
                    .to(FacadeCalls.class))
            .method(named("forwardAny").and(not(isFinal())))
            .intercept(
                MethodDelegation.withDefaultConfiguration()
                    .filter(named("forwardAny"))
                    .to(FacadeCalls.class))
            .method(
                nameStartsWith("as")
                    .and(takesNoArguments())
                    .and(returns(target -> target.asErasure().isAssignableFrom(self)))
                    .and(returns(target -> !target.represents(Object.class))))
            .intercept(FixedValue.self())
            .make();
    return generated.load(type.getClassLoader(), strategy(type)).getLoaded();
  }

  private static ElementMatcher.Junction<MethodDescription> isOfEveryModule() {
    return namedOneOf("train", "eval", "to", "zero_grad").and(Facades::hasModule);
  }

  private static boolean hasModule(MethodDescription method) {
    return TypeDescription.ForLoadedType.of(Module.class).getDeclaredMethods().stream()
        .anyMatch(own -> own.asSignatureToken().equals(method.asSignatureToken()));
  }

  private static ClassLoadingStrategy<ClassLoader> strategy(Class<?> type) {
    ClassLoader ours = Facades.class.getClassLoader();
    if (sees(type.getClassLoader(), ours)) {
      try {
        return ClassLoadingStrategy.UsingLookup.of(
            MethodHandles.privateLookupIn(type, MethodHandles.lookup()));
      } catch (IllegalAccessException e) {
        throw new ModuleReplaceException(
            "cannot generate a subclass of " + type.getName() + "; open its package to Octet", e);
      }
    }
    return (loader, types) ->
        ClassLoadingStrategy.Default.WRAPPER.load(
            new MultipleParentClassLoader.Builder().append(loader, ours).build(), types);
  }

  private static boolean sees(ClassLoader loader, ClassLoader other) {
    try {
      return loader != null && loader.loadClass(Facade.class.getName()).getClassLoader() == other;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
