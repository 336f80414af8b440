// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * One registration of a module in a tree.
 *
 * @param path the dotted path from the root, empty for the root itself
 * @param name the name under which the parent registered it, empty for the root
 * @param module the Java object
 * @param parent the Java object of the parent, null for the root
 * @param sameAs the path at which the same module was met first, null if this is that place
 */
public record ModuleNode(String path, String name, Module module, Module parent, String sameAs) {}
