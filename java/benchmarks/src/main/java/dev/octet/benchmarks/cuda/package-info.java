// SPDX-License-Identifier: Apache-2.0
/**
 * Work on a CUDA device and its times by events: products and programs of Octet's, and cuBLASLt as
 * a peer, by JavaCPP's presets for CUDA.
 */
package dev.octet.benchmarks.cuda;
