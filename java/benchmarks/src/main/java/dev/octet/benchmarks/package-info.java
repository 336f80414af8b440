// SPDX-License-Identifier: Apache-2.0
/**
 * Measurements beside what people would use instead: suites for {@code octet bench}, in which ours
 * and the peer take turns in one process, and JMH benchmarks for single operations.
 */
package dev.octet.benchmarks;
