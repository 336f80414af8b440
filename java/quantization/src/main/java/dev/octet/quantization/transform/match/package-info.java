// SPDX-License-Identifier: Apache-2.0
/** A small language to describe parts of graphs, and to find them whatever their spelling. */
package dev.octet.quantization.transform.match;
