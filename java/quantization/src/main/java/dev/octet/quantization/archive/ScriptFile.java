// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.Map;

/**
 * A file of TorchScript code.
 *
 * @param site where its problems are reported
 * @param classes by name
 * @param functions by name
 */
record ScriptFile(
    EntrySite site,
    Map<String, ScriptClass> classes,
    Map<String, ScriptStatement.Function> functions) {}
