// SPDX-License-Identifier: Apache-2.0
/**
 * Integer execution a module at a time: the model's own forward stays, its quantized layers run
 * integer kernels inside.
 */
package dev.octet.quantization.integer;
