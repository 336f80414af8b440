// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import net.bytebuddy.implementation.bind.annotation.AllArguments;
import net.bytebuddy.implementation.bind.annotation.Argument;
import net.bytebuddy.implementation.bind.annotation.Origin;
import net.bytebuddy.implementation.bind.annotation.RuntimeType;
import net.bytebuddy.implementation.bind.annotation.This;
import org.bytedeco.pytorch.Module;

/** Called by generated facades; public because they live in the packages of their superclasses. */
public final class FacadeCalls {

  private FacadeCalls() {}

  /**
   * Call the wrapper's forward.
   *
   * @param facade the facade that was called
   * @param arguments the arguments of its forward
   * @return what the wrapper returned
   */
  @RuntimeType
  public static Object forward(@This Object facade, @AllArguments Object[] arguments) {
    return ModuleCall.forward(((Facade) facade).facadeTarget(), arguments);
  }

  /**
   * Call the wrapper's forward from {@link AnyForward#forwardAny}.
   *
   * @param facade the facade that was called
   * @param arguments its only argument: the array of arguments
   * @return what the wrapper returned
   */
  @RuntimeType
  public static Object forwardAny(@This Object facade, @Argument(0) Object[] arguments) {
    return ModuleCall.forward(((Facade) facade).facadeTarget(), arguments);
  }

  /**
   * Call a method that every module has on the wrapper.
   *
   * @param facade the facade that was called
   * @param method what was called
   * @param arguments its arguments
   * @return what the wrapper returned
   * @throws Throwable what the wrapper threw
   */
  @RuntimeType
  public static Object passOn(
      @This Object facade, @Origin Method method, @AllArguments Object[] arguments)
      throws Throwable {
    try {
      return Module.class
          .getMethod(method.getName(), method.getParameterTypes())
          .invoke(((Facade) facade).facadeTarget(), arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
