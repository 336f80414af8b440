// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.memory.MemoryBlock;
import org.bytedeco.javacpp.Pointer;

/**
 * How one run at a time works on the device of its session: memory there, copies, and the order of
 * the calls. Statuses are those of C functions; the words are kept by the calling thread.
 */
interface Lane extends AutoCloseable {
  /** Calls with all of their arguments. */
  interface Calls {
    /** Makes them one after the other, up to the first that fails, and returns its status. */
    int run();

    /** Returns what failed last. */
    String failed();
  }

  /** Returns memory of the device, which the caller frees before it closes this. */
  MemoryBlock allocate(long bytes, String purpose);

  /**
   * Lets a run work in a stream of the caller, up to {@link #leaveStream}.
   *
   * @param stream of the lane's device, as {@link IoBinding#stream} takes it
   */
  void enterStream(long stream);

  /** Lets runs work in the lane's own stream again. */
  void leaveStream();

  /** Returns what calls take as their stream. */
  Pointer stream();

  /** Tells whether calls can use memory of the caller where it is. */
  boolean reaches(TensorData data);

  /**
   * Returns memory of the host through which elements get to and from a place on the device: the
   * place itself if the host can use it. Lives as long as this.
   */
  long hostMemory(long place, long bytes, String purpose);

  /** Enqueues a copy between any of these kinds of memory and returns its status. */
  int copy(long target, long source, long bytes);

  /**
   * Makes calls, or has the device repeat what it knows of them, and returns the status.
   *
   * @param places the addresses of all inputs and outputs, which may differ from run to run
   */
  int launch(Calls calls, long[] places);

  /** Returns a mark behind everything that was enqueued, for the caller to close. */
  Mark mark();

  /** Waits for everything that was enqueued and returns its status. */
  int finish();

  @Override
  void close();
}
