// SPDX-License-Identifier: Apache-2.0
/** What models spell out in primitive operators, and the single operators that take its place. */
package dev.octet.quantization.transform.pattern;
