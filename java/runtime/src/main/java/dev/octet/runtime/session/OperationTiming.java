// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

/**
 * What one operation of a profiled run took.
 *
 * @param operation its name, that of its first output
 * @param kind its kind
 * @param nanoseconds from before to after its native call
 * @param bytes of all of its inputs and outputs, each counted once
 */
public record OperationTiming(String operation, String kind, long nanoseconds, long bytes) {}
