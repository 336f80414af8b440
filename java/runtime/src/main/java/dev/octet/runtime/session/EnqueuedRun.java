// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;

/**
 * A run that {@link IoBinding#runAsync()} has enqueued in a CUDA stream. It need not be waited for:
 * what is enqueued in the stream after it finds its outputs, and the session takes its memory back
 * by itself.
 *
 * <p>Safe for use by several threads, also after the session is closed (which waits for the run).
 */
public final class EnqueuedRun {
  private final RunSlots slots;
  private final Mark mark;

  /** What the run reads and writes is kept reachable until it is done; null from then on. */
  private TensorData[] inputs;

  private TensorData[] outputs;
  private int waiting;
  private boolean ended;
  private Throwable failure;

  EnqueuedRun(RunSlots slots, Mark mark, TensorData[] inputs, TensorData[] outputs) {
    this.slots = slots;
    this.mark = mark;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Tells whether the run is done, well or not, without waiting: then its outputs are there, and
   * its inputs may be changed.
   */
  public boolean isDone() {
    slots.collect();
    synchronized (this) {
      return ended;
    }
  }

  /**
   * Waits until the run is done. Interrupts do not end the waiting.
   *
   * @throws IllegalStateException if something went wrong on the device, in this run or before it;
   *     the message says what, and whether the process can use the device any more. What is in the
   *     outputs is undefined then
   */
  public void await() {
    awaitMark();
    slots.collect();
    synchronized (this) {
      if (failure != null) {
        throw new IllegalStateException(failure.getMessage(), failure);
      }
    }
  }

  /** Waits until the device is done with it. */
  void awaitMark() {
    synchronized (this) {
      if (ended) {
        return;
      }
      waiting++;
    }
    try {
      mark.await();
    } finally {
      synchronized (this) {
        waiting--;
        closeUnused();
      }
    }
  }

  /** Lets go of what it has if the device is done with it; returns whether it is. */
  synchronized boolean endIfReached() {
    if (!mark.isReached()) {
      return false;
    }
    int status = mark.await();
    if (status != octet.OCTET_OK) {
      try {
        NativeLibrary.check(status);
      } catch (RuntimeException | OutOfMemoryError e) {
        failure = e;
      }
    }
    ended = true;
    inputs = null;
    outputs = null;
    closeUnused();
    return true;
  }

  private void closeUnused() {
    if (ended && waiting == 0) {
      mark.close();
    }
  }
}
