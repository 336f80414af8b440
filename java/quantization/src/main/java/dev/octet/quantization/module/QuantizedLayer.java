// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.StructuralCopy;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/**
 * What all of Octet's quantized modules whose only children are their quantizers have in common.
 */
interface QuantizedLayer extends QuantizedModule, ChildHolder, FreshOutput, StructuralCopy {
  @Override
  default Map<String, Module> childObjects() {
    return quantization().children();
  }

  @Override
  default void childObject(String name, Module module) {
    throw FixedChildren.refuse((Module) this, name);
  }
}
