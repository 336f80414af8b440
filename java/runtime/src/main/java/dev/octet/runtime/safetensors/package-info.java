// SPDX-License-Identifier: Apache-2.0
/**
 * Reads and writes the <a href="https://github.com/huggingface/safetensors">safetensors</a> format:
 * eight bytes of little-endian header length, a JSON header, then the tensors' bytes.
 */
package dev.octet.runtime.safetensors;
