// SPDX-License-Identifier: Apache-2.0
/**
 * The modules that take the places of originals in a converted model. Each extends the presets'
 * class that it replaces, or is a wrapper around the original.
 */
package dev.octet.quantization.module;
