// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Calls the {@code forward} of any Java module object.
 *
 * <p>The base class {@link Module} has none; every class declares its own, with its own parameters.
 * Methods are looked up once a class. What {@code forward} throws, from Java or from native code,
 * passes through unchanged. Safe for use by several threads as far as the modules are.
 */
public final class ModuleCall {

  private static final ClassValue<Forwards> FORWARDS =
      new ClassValue<>() {
        @Override
        protected Forwards computeValue(Class<?> type) {
          return new Forwards(type);
        }
      };

  private ModuleCall() {}

  /**
   * Call {@code forward} with one tensor.
   *
   * @param module the module
   * @param input its input
   * @return its output
   * @throws IllegalArgumentException if the module has no {@code Tensor forward(Tensor)}
   */
  public static Tensor forward(Module module, Tensor input) {
    MethodHandle unary = FORWARDS.get(module.getClass()).unary;
    if (unary == null) {
      Object result = forward(module, new Object[] {input});
      if (result instanceof Tensor tensor) {
        return tensor;
      }
      throw new IllegalArgumentException(
          describe(module)
              + " returned "
              + (result == null ? "null" : result.getClass().getName())
              + " where one Tensor was expected; call ModuleCall.forward(module, Object...)");
    }
    try {
      return (Tensor) unary.invokeExact(module, input);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /**
   * Call {@code forward} with any arguments.
   *
   * @param module the module
   * @param arguments its arguments; null where an optional one is absent
   * @return what it returned
   * @throws IllegalArgumentException if no {@code forward} of the module takes these arguments
   */
  public static Object forward(Module module, Object... arguments) {
    if (module instanceof AnyForward any) {
      return any.forwardAny(arguments);
    }
    Object[] given = withoutAbsent(module, arguments);
    Forward forward = FORWARDS.get(module.getClass()).find(given);
    if (forward == null) {
      throw new IllegalArgumentException(noForward(module, given));
    }
    try {
      return forward.invoke(module, given);
    } catch (Throwable e) {
      throw passOn(e);
    }
  }

  /** The presets' methods take no null: an absent argument at the end is one that is not given. */
  private static Object[] withoutAbsent(Module module, Object[] arguments) {
    int given = arguments.length;
    while (given > 0 && arguments[given - 1] == null) {
      given--;
    }
    return given < arguments.length && NativeModules.isPreset(module.getClass())
        ? Arrays.copyOf(arguments, given)
        : arguments;
  }

  /** Call {@code forward} with one argument, which often is one tensor, and return any result. */
  static Object forwardAny(Module module, Object argument) {
    if (argument instanceof Tensor tensor
        && !(module instanceof AnyForward)
        && FORWARDS.get(module.getClass()).unary != null) {
      return forward(module, tensor);
    }
    return forward(module, new Object[] {argument});
  }

  /**
   * Tell whether a module has any {@code forward} that can be called.
   *
   * @param module the module
   * @return false for containers such as {@code ModuleList} and for plain {@link Module} objects
   */
  public static boolean hasForward(Module module) {
    return module instanceof AnyForward || !FORWARDS.get(module.getClass()).all.isEmpty();
  }

  /**
   * Tell whether the caller of {@code forward} may close the tensors that it returns.
   *
   * <p>Tensors that are arguments passed through are never the caller's to close.
   *
   * @param module the module
   * @return true for the presets' own classes and for {@link FreshOutput} modules
   */
  public static boolean returnsFresh(Module module) {
    return module instanceof FreshOutput fresh
        ? fresh.returnsFresh()
        : NativeModules.isPreset(module.getClass());
  }

  private static String describe(Module module) {
    return ModuleTypes.typeName(module) + " (" + module.getClass().getName() + ")";
  }

  private static String noForward(Module module, Object[] arguments) {
    String given =
        Arrays.stream(arguments)
            .map(argument -> argument == null ? "null" : argument.getClass().getSimpleName())
            .collect(Collectors.joining(", ", "(", ")"));
    List<Forward> all = FORWARDS.get(module.getClass()).all;
    String there =
        all.isEmpty()
            ? "it has no forward method; a module that is called must declare one"
            : "it has "
                + all.stream().map(Forward::signature).collect(Collectors.joining(", "))
                + "; pass arguments of one of these";
    return describe(module) + " has no forward for " + given + ": " + there;
  }

  private static RuntimeException passOn(Throwable e) {
    return ModuleCall.<RuntimeException>sneak(e);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> RuntimeException sneak(Throwable e) throws T {
    throw (T) e;
  }

  /** The forward methods of one class, those of subclasses before the ones they inherit. */
  private static final class Forwards {
    final List<Forward> all = new ArrayList<>();
    final MethodHandle unary;

    Forwards(Class<?> type) {
      for (Class<?> c = type; c != null && c != Object.class; c = c.getSuperclass()) {
        for (Method method : c.getDeclaredMethods()) {
          if (isForward(method) && all.stream().noneMatch(f -> f.overrides(method))) {
            all.add(new Forward(method));
          }
        }
      }
      for (Method method : type.getMethods()) {
        if (method.getDeclaringClass().isInterface()
            && isForward(method)
            && all.stream().noneMatch(f -> f.overrides(method))) {
          all.add(new Forward(method));
        }
      }
      unary =
          all.stream()
              .filter(f -> Arrays.equals(f.parameters, new Class<?>[] {Tensor.class}))
              .filter(f -> Tensor.class.isAssignableFrom(f.returns))
              .findFirst()
              .map(
                  f ->
                      f.handle.asType(
                          MethodType.methodType(Tensor.class, Module.class, Tensor.class)))
              .orElse(null);
    }

    private static boolean isForward(Method method) {
      int modifiers = method.getModifiers();
      return method.getName().equals("forward")
          && !method.isBridge()
          && !Modifier.isStatic(modifiers)
          && !Modifier.isAbstract(modifiers)
          && !Modifier.isPrivate(modifiers);
    }

    Forward find(Object[] arguments) {
      Forward loose = null;
      for (Forward forward : all) {
        int fit = forward.fit(arguments);
        if (fit == Forward.EXACT) {
          return forward;
        }
        if (fit == Forward.LOOSE && loose == null) {
          loose = forward;
        }
      }
      return loose;
    }
  }

  /** One forward method. */
  private static final class Forward {
    static final int NONE = 0;
    static final int LOOSE = 1;
    static final int EXACT = 2;

    final Class<?>[] parameters;
    final Class<?> returns;
    final boolean varargs;
    final MethodHandle handle;
    private final MethodHandle spread;

    Forward(Method method) {
      parameters = method.getParameterTypes();
      returns = method.getReturnType();
      varargs = method.isVarArgs();
      try {
        method.setAccessible(true);
        handle = MethodHandles.lookup().unreflect(method).asFixedArity();
      } catch (IllegalAccessException | RuntimeException e) {
        throw new IllegalStateException(
            "cannot access " + method + "; make it public, or open its package to Octet", e);
      }
      spread =
          handle
              .asSpreader(Object[].class, parameters.length)
              .asType(MethodType.methodType(Object.class, Module.class, Object[].class));
    }

    boolean overrides(Method method) {
      return Arrays.equals(parameters, method.getParameterTypes());
    }

    int fit(Object[] arguments) {
      if (arguments.length != parameters.length) {
        return varargs && fitsVarargs(arguments) ? LOOSE : NONE;
      }
      boolean exact = true;
      for (int i = 0; i < arguments.length; i++) {
        if (!accepts(parameters[i], arguments[i])) {
          return varargs && fitsVarargs(arguments) ? LOOSE : NONE;
        }
        exact &= arguments[i] != null && arguments[i].getClass() == parameters[i];
      }
      return exact ? EXACT : LOOSE;
    }

    private boolean fitsVarargs(Object[] arguments) {
      int fixed = parameters.length - 1;
      if (arguments.length < fixed) {
        return false;
      }
      Class<?> element = parameters[fixed].getComponentType();
      for (int i = 0; i < arguments.length; i++) {
        if (!accepts(i < fixed ? parameters[i] : element, arguments[i])) {
          return false;
        }
      }
      return true;
    }

    private static boolean accepts(Class<?> parameter, Object argument) {
      if (argument == null) {
        return !parameter.isPrimitive();
      }
      if (!parameter.isPrimitive()) {
        return parameter.isInstance(argument);
      }
      if (parameter == long.class) {
        return argument instanceof Long || argument instanceof Integer;
      }
      if (parameter == double.class) {
        return argument instanceof Double || argument instanceof Float;
      }
      return MethodType.methodType(parameter).wrap().returnType() == argument.getClass();
    }

    Object invoke(Module module, Object[] arguments) throws Throwable {
      boolean collect =
          varargs
              && (arguments.length != parameters.length
                  || !accepts(parameters[parameters.length - 1], arguments[arguments.length - 1]));
      Object[] passed = collect ? collect(arguments) : arguments;
      return (Object) spread.invokeExact(module, passed);
    }

    private Object[] collect(Object[] arguments) {
      int fixed = parameters.length - 1;
      Object[] passed = Arrays.copyOf(arguments, parameters.length, Object[].class);
      Object rest =
          Array.newInstance(parameters[fixed].getComponentType(), arguments.length - fixed);
      for (int i = fixed; i < arguments.length; i++) {
        Array.set(rest, i - fixed, arguments[i]);
      }
      passed[fixed] = rest;
      return passed;
    }

    String signature() {
      return Arrays.stream(parameters)
          .map(Class::getSimpleName)
          .collect(Collectors.joining(", ", "forward(", ")"));
    }
  }
}
