// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A mark in a stream of a CUDA device, behind what was enqueued before it. Freed by {@link
 * #close()} and by nothing else. Safe for use by several threads, but for {@link #close()}.
 */
public final class CudaEvent implements AutoCloseable {
  private static final AtomicLong LIVE = new AtomicLong();

  private final int device;
  private final Address handle;
  private final AtomicBoolean freed = new AtomicBoolean();

  /** Guarded by itself. */
  private final int[] done = new int[1];

  private CudaEvent(int device, long handle) {
    this.device = device;
    this.handle = new Address(handle);
  }

  /**
   * Sets a mark behind all that is in a stream by now.
   *
   * @throws IllegalStateException if the stream is being recorded as a graph, or the device has
   *     failed; the message says what happened
   */
  public static CudaEvent record(CudaStream stream) {
    CudaEvent event = create(stream.device().index());
    boolean set = false;
    try {
      NativeLibrary.check(
          octet.octet_cuda_event_record(event.device, event.handle, stream.handle()));
      set = true;
      return event;
    } finally {
      if (!set) {
        event.close();
      }
    }
  }

  private static CudaEvent create(int device) {
    try (PointerPointer<?> event = new PointerPointer<>(1)) {
      NativeLibrary.check(octet.octet_cuda_event_create(device, event));
      LIVE.incrementAndGet();
      return new CudaEvent(device, CudaDevices.pointee(event));
    }
  }

  /**
   * Tells whether all that the mark is behind is done, without waiting; true, too, if the device
   * has failed, which {@link #trySynchronize} tells.
   */
  public boolean isReached() {
    synchronized (done) {
      return octet.octet_cuda_event_query(device, handle, done) != octet.OCTET_OK || done[0] != 0;
    }
  }

  /**
   * Waits until all that the mark is behind is done.
   *
   * @return an {@code octet_status}: whether something went wrong on the way
   */
  public int trySynchronize() {
    return octet.octet_cuda_event_synchronize(device, handle);
  }

  /** Frees the event, whether it is reached or not; calls after the first do nothing. */
  @Override
  public void close() {
    if (freed.compareAndSet(false, true)) {
      int status = octet.octet_cuda_event_destroy(device, handle);
      LIVE.decrementAndGet();
      CudaDevices.checkFree(status, "an event of cuda:" + device);
    }
  }

  /** Returns the number of events in the process that are not closed. */
  public static long live() {
    return LIVE.get();
  }
}
