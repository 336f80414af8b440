// SPDX-License-Identifier: Apache-2.0
/** Imports TorchScript files as trees of modules that can be converted. */
package dev.octet.quantization.torchscript;
