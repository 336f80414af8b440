// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.tree.AnyForward;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.TypeNamed;
import org.bytedeco.pytorch.IdentityImpl;

/**
 * An Identity of a traced program. Tracing does not see what goes through an Identity: it records a
 * call without argument and result, and uses the argument itself from there on.
 */
public class TracedIdentity extends IdentityImpl implements AnyForward, FreshOutput, TypeNamed {

  /**
   * Return the argument.
   *
   * @param arguments none, as it was recorded, or what goes through
   * @return the argument; null if there is none
   */
  @Override
  public Object forwardAny(Object... arguments) {
    return arguments.length == 0 ? null : arguments[0];
  }

  @Override
  public String typeName() {
    return "Identity";
  }
}
