// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a check of a TorchScript archive came upon.
 *
 * @param version of the archive's format
 * @param classNames qualified names of the classes of all objects, children before parents
 * @param parameterBytes bytes of all parameters, buffers and constants
 */
public record TorchScriptInfo(int version, Set<String> classNames, long parameterBytes) {
  public TorchScriptInfo {
    classNames = Collections.unmodifiableSet(new LinkedHashSet<>(classNames));
  }
}
