// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

/**
 * The copy of a value to an output that has memory of its own, at the end of a run. Either may lie
 * in the caller's memory.
 */
final class MovableCopy {
  private final Gate target;
  private final long bytes;
  private long from;
  private long to;

  MovableCopy(long from, Gate target) {
    this.target = target;
    this.from = from;
    this.to = target.ownAddress();
    this.bytes = target.port().bytes();
  }

  /** Says where the memory of a gate is now, of the target or of the value that is copied. */
  void move(Gate gate, long address) {
    if (gate == target) {
      to = address;
    } else {
      from = address;
    }
  }

  /** Enqueues the copy and returns its status. */
  int run(Lane lane) {
    return lane.copy(to, from, bytes);
  }
}
