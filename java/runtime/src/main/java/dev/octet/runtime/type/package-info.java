// SPDX-License-Identifier: Apache-2.0
/**
 * What the values of a program are: element types, shapes with symbolic sizes, quantization grids,
 * attributes. All classes are immutable and safe for use by several threads.
 */
package dev.octet.runtime.type;
