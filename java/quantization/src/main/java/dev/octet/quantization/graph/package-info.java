// SPDX-License-Identifier: Apache-2.0
/** Models recorded as graphs of modules and operators, which can be run, copied and inspected. */
package dev.octet.quantization.graph;
