// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import dev.octet.runtime.type.Device;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;

/**
 * An event of the presets: a mark in a stream, behind what was enqueued before it. Others wait for
 * it, and the time between two of them is what the device took.
 *
 * <p>Can be recorded again and again; the mark is where it was recorded last. It may be closed
 * before the mark is reached. Safe for use by several threads, but for {@link #close()}.
 */
public final class PresetEvent implements AutoCloseable {
  private static final double MICROSECONDS = 1000;
  private static final AtomicLong LIVE = new AtomicLong();

  private final Device device;
  private final CUevent_st event;
  private final boolean owned;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PresetEvent(Device device, CUevent_st event, boolean owned) {
    this.device = device;
    this.event = event;
    this.owned = owned;
  }

  /**
   * Makes an event that takes times. {@link #close()} frees it, and nothing else does.
   *
   * @param device a CUDA device
   * @throws UnsupportedOperationException if the presets can't be used; the message says what is
   *     missing
   * @throws IllegalArgumentException for the CPU, or a device that the machine does not have
   * @throws CudaRuntimeException if the runtime fails
   */
  public static PresetEvent create(Device device) {
    return make(device, cudart.cudaEventDefault);
  }

  /**
   * Makes an event that takes no times, which costs less where it is to keep an order only; else as
   * {@link #create} does.
   */
  public static PresetEvent createUntimed(Device device) {
    return make(device, cudart.cudaEventDisableTiming);
  }

  private static PresetEvent make(Device device, int flags) {
    Cudart.require(device);
    CUevent_st event = new CUevent_st();
    Cudart.call(
        device, "cudaEventCreateWithFlags", () -> cudart.cudaEventCreateWithFlags(event, flags));
    LIVE.incrementAndGet();
    return new PresetEvent(device, event, true);
  }

  /**
   * Uses an event of the caller, who frees it after the last use; {@link #close()} leaves it alone.
   *
   * @param device the event's device
   * @param event what is no event can't be told from one
   * @throws UnsupportedOperationException if the presets can't be used; the message says what is
   *     missing
   * @throws IllegalArgumentException for a null pointer, the CPU, or a device that the machine does
   *     not have
   */
  public static PresetEvent of(Device device, CUevent_st event) {
    Cudart.require(device);
    if (Objects.requireNonNull(event, "event").isNull()) {
      throw new IllegalArgumentException(
          "event is a null pointer; expected what cudaEventCreate has made");
    }
    return new PresetEvent(device, event, false);
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /**
   * Returns the event, for functions of the presets. It is valid as long as this is not closed.
   *
   * @throws IllegalStateException if this is closed
   */
  public CUevent_st get() {
    if (closed.get()) {
      throw new IllegalStateException("the event of " + device + " is closed");
    }
    return event;
  }

  /**
   * Sets the mark behind all that is in a stream by now.
   *
   * @param stream one of the event's device
   * @throws IllegalArgumentException if the stream is of another device
   * @throws IllegalStateException if this or the stream is closed
   * @throws CudaRuntimeException if the runtime fails
   */
  public void record(PresetStream stream) {
    if (!stream.device().equals(device)) {
      throw new IllegalArgumentException(
          "stream is one of " + stream.device() + "; expected one of " + device + ", the event's");
    }
    CUevent_st own = get();
    CUstream_st to = stream.get();
    Cudart.call(device, "cudaEventRecord", () -> cudart.cudaEventRecord(own, to));
  }

  /**
   * Tells whether the mark is reached, without waiting; true if it was never set.
   *
   * @throws IllegalStateException if this is closed
   * @throws CudaRuntimeException if something went wrong on the way
   */
  public boolean isReached() {
    CUevent_st own = get();
    return Cudart.isDone(device, "cudaEventQuery", () -> cudart.cudaEventQuery(own));
  }

  /**
   * Waits until the mark is reached; returns at once if it was never set.
   *
   * @throws IllegalStateException if this is closed
   * @throws CudaRuntimeException if something went wrong on the way
   */
  public void synchronize() {
    CUevent_st own = get();
    Cudart.call(device, "cudaEventSynchronize", () -> cudart.cudaEventSynchronize(own));
  }

  /**
   * Returns the time between two marks that are reached, in microseconds; CUDA's clock has steps of
   * about half of one. On an emulated device it says nothing about a real one.
   *
   * @param earlier an event of the same device, recorded before this one
   * @throws IllegalArgumentException if the events are of different devices
   * @throws IllegalStateException if one of them is closed
   * @throws CudaRuntimeException if a mark is not reached yet ({@code cudaErrorNotReady}: call
   *     {@link #synchronize()} before), or was never set, or its event takes no times ({@code
   *     cudaErrorInvalidResourceHandle}), or if the runtime fails otherwise
   */
  public double microsecondsSince(PresetEvent earlier) {
    if (!earlier.device.equals(device)) {
      throw new IllegalArgumentException(
          "earlier is an event of " + earlier.device + "; expected one of " + device);
    }
    CUevent_st from = earlier.get();
    CUevent_st to = get();
    float[] milliseconds = new float[1];
    Cudart.call(
        device, "cudaEventElapsedTime", () -> cudart.cudaEventElapsedTime(milliseconds, from, to));
    return MICROSECONDS * milliseconds[0];
  }

  /** Frees the event if this has made it; calls after the first do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true) && owned) {
      LIVE.decrementAndGet();
      Cudart.free(device, "cudaEventDestroy", () -> cudart.cudaEventDestroy(event));
    }
  }

  /** Returns the number of events in the process that this class has made and not freed. */
  public static long live() {
    return LIVE.get();
  }
}
