// SPDX-License-Identifier: Apache-2.0
/**
 * Programs in files, {@code *.octet}: safetensors files with the constants as tensors and the
 * program in the metadata.
 */
package dev.octet.runtime.artifact;
