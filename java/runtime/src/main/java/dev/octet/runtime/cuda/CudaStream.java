// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.type.Device;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * A queue of work of a CUDA device: what one thread enqueues is done in this order, at the same
 * time as what is in other streams. It does not wait for the default stream. Freed by {@link
 * #close()} and by nothing else. Not safe for use by several threads.
 */
public final class CudaStream implements AutoCloseable {
  private static final AtomicLong LIVE = new AtomicLong();

  private final Device device;
  private final long own;
  private final Address handle;
  private final Address from = new Address(0);
  private final Address to = new Address(0);
  private final AtomicBoolean freed = new AtomicBoolean();

  private CudaStream(Device device, long handle) {
    this.device = device;
    this.own = handle;
    this.handle = new Address(handle);
  }

  /**
   * Makes a stream.
   *
   * @param device a CUDA device that can be used
   */
  public static CudaStream create(Device device) {
    try (PointerPointer<?> stream = new PointerPointer<>(1)) {
      NativeLibrary.check(octet.octet_cuda_stream_create(device.index(), stream));
      LIVE.incrementAndGet();
      return new CudaStream(device, CudaDevices.pointee(stream));
    }
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /**
   * Lets everything from now on go to another stream: calls that were prepared with {@link
   * #handle()}, copies, launches and waiting.
   *
   * @param other a {@code cudaStream_t} of the device, 0 for its default stream
   */
  public void redirect(long other) {
    handle.moveTo(other);
  }

  /** Ends {@link #redirect}. */
  public void restore() {
    handle.moveTo(own);
  }

  /** Returns the stream as C functions take it. */
  public Pointer handle() {
    return handle;
  }

  /**
   * Enqueues a copy between memory of the device and of the host, or within either.
   *
   * @param target address of the first byte to be written
   * @param source address of the first byte to be read
   */
  public void copy(long target, long source, long bytes) {
    int status = tryCopy(target, source, bytes);
    if (status != octet.OCTET_OK) {
      NativeLibrary.check(status);
    }
  }

  /** Enqueues a copy as {@link #copy} does, and returns an {@code octet_status}. */
  public int tryCopy(long target, long source, long bytes) {
    to.moveTo(target);
    from.moveTo(source);
    return octet.octet_cuda_copy(device.index(), to, from, bytes, handle);
  }

  /**
   * Waits until everything in the stream is done.
   *
   * @throws IllegalStateException if something went wrong on the way; the message says what, and
   *     whether the process can use the device any more
   */
  public void synchronize() {
    NativeLibrary.check(trySynchronize());
  }

  /** Waits as {@link #synchronize} does, and returns an {@code octet_status}. */
  public int trySynchronize() {
    return octet.octet_cuda_synchronize(device.index(), handle);
  }

  /** Ends the stream, whose work must be done; calls after the first do nothing. */
  @Override
  public void close() {
    if (freed.compareAndSet(false, true)) {
      restore();
      int status = octet.octet_cuda_stream_destroy(device.index(), handle);
      LIVE.decrementAndGet();
      CudaDevices.checkFree(status, "a stream of " + device);
    }
  }

  /** Returns the number of streams in the process that are not closed. */
  public static long live() {
    return LIVE.get();
  }
}
