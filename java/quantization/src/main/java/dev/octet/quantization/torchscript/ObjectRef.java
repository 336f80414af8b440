// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

/**
 * A module as a value of the program that is imported.
 *
 * @param object the module
 * @param path its path below the module whose method is imported, empty for that module
 */
record ObjectRef(ScriptObject object, String path) {

  ObjectRef child(String name, ScriptObject child) {
    return new ObjectRef(child, path.isEmpty() ? name : path + "." + name);
  }

  String pathOf(String attribute) {
    return path.isEmpty() ? attribute : path + "." + attribute;
  }
}
