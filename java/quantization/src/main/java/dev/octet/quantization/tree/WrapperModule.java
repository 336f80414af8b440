// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.function.Function;

/**
 * A module that stands in the place of another one, which is its {@link #facadeInner}, and does
 * something to what goes in or comes out.
 */
public interface WrapperModule extends FacadeTarget {

  /**
   * Do what {@code forward} does, but run the other module in another way than by its {@code
   * forward}: by a method of another name, for one.
   *
   * @param inner runs the other module on arguments and returns a result that is the caller's
   * @param args the arguments
   * @return the result
   */
  Object forwardAround(Function<Object[], Object> inner, Object... args);
}
