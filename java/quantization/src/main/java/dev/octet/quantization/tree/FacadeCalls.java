// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import net.bytebuddy.implementation.bind.annotation.AllArguments;
import net.bytebuddy.implementation.bind.annotation.Argument;
import net.bytebuddy.implementation.bind.annotation.RuntimeType;
import net.bytebuddy.implementation.bind.annotation.This;

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
}
