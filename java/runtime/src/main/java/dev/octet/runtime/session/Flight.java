// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import java.util.ArrayDeque;
import java.util.Objects;

/**
 * An instance of a plan and the runs that were enqueued on its memory and not waited for, all in
 * one stream, whose order keeps them apart. Takes one of the {@link RunSlots}, whose monitor guards
 * it.
 */
final class Flight {
  private final PlanPool pool;
  private final PlanInstance instance;
  private final Long stream;
  private final ArrayDeque<EnqueuedRun> runs = new ArrayDeque<>();
  private boolean boarding = true;

  /**
   * Starts without runs, for a thread that is about to enqueue one.
   *
   * @param stream of the caller; null: the instance's own
   */
  Flight(PlanPool pool, PlanInstance instance, Long stream) {
    this.pool = pool;
    this.instance = instance;
    this.stream = stream;
  }

  PlanPool pool() {
    return pool;
  }

  PlanInstance instance() {
    return instance;
  }

  /** Tells whether a run with this plan in this stream can be enqueued behind its runs. */
  boolean takes(PlanPool other, Long otherStream) {
    return !boarding && pool == other && stream != null && Objects.equals(stream, otherStream);
  }

  /** Says whether some thread is enqueuing a run on its memory. */
  void setBoarding(boolean value) {
    boarding = value;
  }

  /** Adds a run that was enqueued. */
  void add(EnqueuedRun run) {
    runs.add(run);
  }

  /** Returns the run that ends next, null if there is none. */
  EnqueuedRun first() {
    return runs.peekFirst();
  }

  /** Returns the run that ends last, null if there is none. */
  EnqueuedRun last() {
    return runs.peekLast();
  }

  /** Ends the runs that are done; returns whether its memory is used no more. */
  boolean collect() {
    while (!runs.isEmpty() && runs.peekFirst().endIfReached()) {
      runs.removeFirst();
    }
    return runs.isEmpty() && !boarding;
  }
}
