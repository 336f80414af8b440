// SPDX-License-Identifier: Apache-2.0
/** Calls of the native library on libtorch tensors, without copies. */
package dev.octet.quantization.kernel;
