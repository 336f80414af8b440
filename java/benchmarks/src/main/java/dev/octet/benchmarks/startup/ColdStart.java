// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

/**
 * What a process of its own cost up to its first result.
 *
 * @param millis from before it was started until it printed, in milliseconds
 * @param peakMegabytes the most memory that it had resident, in millions of bytes
 */
public record ColdStart(double millis, double peakMegabytes) {}
