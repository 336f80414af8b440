// SPDX-License-Identifier: Apache-2.0
/** ONNX Runtime as a peer: models made in memory, and sessions that run them. */
package dev.octet.benchmarks.onnx;
