// SPDX-License-Identifier: Apache-2.0
/**
 * The Java side of a model's module tree: which Java objects stand behind libtorch's registry, how
 * they are called, replaced and copied.
 */
package dev.octet.quantization.tree;
