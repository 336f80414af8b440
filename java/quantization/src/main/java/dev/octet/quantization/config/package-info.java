// SPDX-License-Identifier: Apache-2.0
/**
 * What to quantize and how: the {@link dev.octet.quantization.config.QuantizationMap} and the
 * configurations it is made of, all immutable, and their JSON form.
 */
package dev.octet.quantization.config;
