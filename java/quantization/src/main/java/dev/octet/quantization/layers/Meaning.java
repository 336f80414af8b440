// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Set;

/**
 * What a recorded method computes under some assumptions.
 *
 * @param output what it returns: a {@link Term}, a constant, null for None, or a list of these
 * @param all the calls of operators, submodules and setters that do more than making their result,
 *     in their order
 */
record Meaning(Object output, List<Apply> all) {

  static final String CALL = "a call of a submodule";
  static final String SET = "the setting of an attribute";

  /** Those of the calls that the output is not made of. */
  List<Apply> effects() {
    Set<Apply> within = Terms.within(output);
    return all.stream().filter(effect -> !within.contains(effect)).toList();
  }
}
