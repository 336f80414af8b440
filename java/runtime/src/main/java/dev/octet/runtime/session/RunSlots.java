// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Counts the runs at a time: those that a thread waits for, and the flights of enqueued ones, which
 * end by themselves and are noticed here. Safe for use by several threads.
 */
final class RunSlots {
  private final Consumer<Flight> landed;

  /** By their beginning. */
  private final List<Flight> flights = new ArrayList<>();

  private int free;

  /**
   * Starts without runs.
   *
   * @param most the most runs at a time
   * @param landed takes a flight's memory back, before its slot is free
   */
  RunSlots(int most, Consumer<Flight> landed) {
    this.free = most;
    this.landed = landed;
  }

  /** Takes a slot; waits until there is one. */
  void acquire() {
    boolean interrupted = false;
    while (!tryAcquire()) {
      EnqueuedRun next;
      synchronized (this) {
        next = nextToEnd();
        if (next == null && free == 0) {
          try {
            wait();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (next != null) {
        next.awaitMark();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean tryAcquire() {
    synchronized (this) {
      if (flights.isEmpty()) {
        return take();
      }
    }
    collect();
    synchronized (this) {
      return take();
    }
  }

  private boolean take() {
    if (free == 0) {
      return false;
    }
    free--;
    return true;
  }

  private EnqueuedRun nextToEnd() {
    for (Flight flight : flights) {
      if (flight.first() != null) {
        return flight.first();
      }
    }
    return null;
  }

  /** Gives a slot back. */
  synchronized void release() {
    free++;
    notifyAll();
  }

  /**
   * Returns a flight behind whose runs another one can be enqueued, for this thread alone until
   * {@link #add} or {@link #leave}; null if there is none.
   */
  synchronized Flight board(PlanPool pool, Long stream) {
    for (Flight flight : flights) {
      if (flight.takes(pool, stream)) {
        flight.setBoarding(true);
        return flight;
      }
    }
    return null;
  }

  /** Begins a flight, which takes over a slot of the caller, who is the first to board it. */
  synchronized void begin(Flight flight) {
    flights.add(flight);
  }

  /** Adds a run to a flight that this thread has boarded. */
  void add(Flight flight, EnqueuedRun run) {
    synchronized (this) {
      flight.add(run);
    }
    leave(flight);
  }

  /** Ends the boarding of a flight. */
  void leave(Flight flight) {
    synchronized (this) {
      flight.setBoarding(false);
      // Who waits for a slot has a run to wait for now.
      notifyAll();
    }
    collect();
  }

  /** Ends the runs that are done and takes the memory of their flights back. */
  void collect() {
    while (true) {
      Flight done = removeDone();
      if (done == null) {
        return;
      }
      try {
        landed.accept(done);
      } finally {
        release();
      }
    }
  }

  /** Returns a flight that has ended, null if none has. */
  private synchronized Flight removeDone() {
    for (int i = 0; i < flights.size(); i++) {
      if (flights.get(i).collect()) {
        return flights.remove(i);
      }
    }
    return null;
  }

  /** Waits for all runs that are enqueued by now. */
  void awaitEnqueued() {
    List<EnqueuedRun> last = new ArrayList<>();
    synchronized (this) {
      for (Flight flight : flights) {
        if (flight.last() != null) {
          last.add(flight.last());
        }
      }
    }
    for (EnqueuedRun run : last) {
      run.awaitMark();
    }
    collect();
  }
}
