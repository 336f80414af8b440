// SPDX-License-Identifier: Apache-2.0
/** Transformations of models that keep what they compute. */
package dev.octet.quantization.transform;
