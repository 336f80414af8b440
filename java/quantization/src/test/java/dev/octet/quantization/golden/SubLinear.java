// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;

/** An empty subclass of Linear: a type of its own to the type map, with the same behaviour. */
public class SubLinear extends LinearImpl {

  public SubLinear(LinearOptions options) {
    super(options);
  }
}
