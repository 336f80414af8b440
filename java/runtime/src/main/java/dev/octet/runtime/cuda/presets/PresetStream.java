// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.type.Device;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;

/**
 * A stream of the presets in which sessions run: one that it makes and ends, or one of the caller.
 *
 * <pre>{@code
 * try (PresetStream stream = PresetStream.create(session.device());
 *     PresetEvent begin = PresetEvent.create(session.device());
 *     PresetEvent end = PresetEvent.create(session.device())) {
 *   IoBinding io = stream.attach(session.bind()).input("x", x.data()).output("y", y.data());
 *   begin.record(stream);
 *   io.runAsync();
 *   end.record(stream);
 *   end.synchronize();
 *   System.out.println(end.microsecondsSince(begin));
 * }
 * }</pre>
 *
 * <p>A stream must live as long as bindings run in it, and {@link #close()} comes after all of its
 * work is done: after {@link #synchronize()}, or {@code await()} of its last run. Safe for use by
 * several threads, but for {@link #close()}, and in that what several threads enqueue has no order.
 */
public final class PresetStream implements AutoCloseable {
  private static final AtomicLong LIVE = new AtomicLong();

  private final Device device;
  private final CUstream_st stream;
  private final boolean owned;
  private final AtomicBoolean closed = new AtomicBoolean();

  private PresetStream(Device device, CUstream_st stream, boolean owned) {
    this.device = device;
    this.stream = stream;
    this.owned = owned;
  }

  /**
   * Makes a stream, which does not wait for the default stream. {@link #close()} ends it, and
   * nothing else does.
   *
   * @param device a CUDA device
   * @throws UnsupportedOperationException if the presets can't be used; the message says what is
   *     missing
   * @throws IllegalArgumentException for the CPU, or a device that the machine does not have
   * @throws CudaRuntimeException if the runtime fails
   */
  public static PresetStream create(Device device) {
    Cudart.require(device);
    CUstream_st stream = new CUstream_st();
    Cudart.call(
        device,
        "cudaStreamCreateWithFlags",
        () -> cudart.cudaStreamCreateWithFlags(stream, cudart.cudaStreamNonBlocking));
    LIVE.incrementAndGet();
    return new PresetStream(device, stream, true);
  }

  /**
   * Uses a stream of the caller, who ends it after the last use; {@link #close()} leaves it alone.
   *
   * @param device the stream's device
   * @param stream null or a null pointer: the device's default stream. What is no stream can't be
   *     told from one
   * @throws UnsupportedOperationException if the presets can't be used; the message says what is
   *     missing
   * @throws IllegalArgumentException if the stream is of another device, for the CPU, or a device
   *     that the machine does not have
   * @throws CudaRuntimeException if the runtime fails
   */
  public static PresetStream of(Device device, CUstream_st stream) {
    Cudart.require(device);
    if (stream != null && !stream.isNull()) {
      int[] actual = new int[1];
      Cudart.call(device, "cudaStreamGetDevice", () -> cudart.cudaStreamGetDevice(stream, actual));
      if (actual[0] != device.index()) {
        throw new IllegalArgumentException(
            "stream is one of cuda:" + actual[0] + "; expected one of " + device);
      }
    }
    return new PresetStream(device, stream, false);
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /**
   * Returns the stream, for functions of the presets; null or a null pointer for the default
   * stream. It is valid as long as this is not closed.
   *
   * @throws IllegalStateException if this is closed
   */
  public CUstream_st get() {
    if (closed.get()) {
      throw new IllegalStateException("the stream of " + device + " is closed");
    }
    return stream;
  }

  /**
   * Lets the runs of a binding work in this stream, as {@link IoBinding#stream(long)} says. The
   * binding does not keep the stream alive.
   *
   * @param binding of a session on the stream's device
   * @return the binding
   * @throws IllegalArgumentException if the session runs somewhere else
   * @throws IllegalStateException if this is closed, or if the presets and Octet's kernels use
   *     different drivers
   */
  public IoBinding attach(IoBinding binding) {
    Device there = binding.session().device();
    if (!there.equals(device)) {
      throw new IllegalArgumentException(
          "binding is of a session on " + there + "; expected one on " + device + ", the stream's");
    }
    CUstream_st own = get();
    PresetDevices.requireSame(device);
    return binding.stream(own == null ? 0 : own.address());
  }

  /**
   * Lets what is enqueued from now on wait until an event's mark is reached, without keeping the
   * caller; at once where the event was never recorded. The event may be of another stream, and of
   * another device.
   *
   * @throws IllegalStateException if this or the event is closed
   * @throws CudaRuntimeException if the runtime fails
   */
  public void waitFor(PresetEvent event) {
    CUstream_st own = get();
    CUevent_st mark = event.get();
    Cudart.call(device, "cudaStreamWaitEvent", () -> cudart.cudaStreamWaitEvent(own, mark, 0));
  }

  /**
   * Tells whether all that is in the stream is done, without waiting.
   *
   * @throws IllegalStateException if this is closed
   * @throws CudaRuntimeException if something went wrong on the way
   */
  public boolean isDone() {
    CUstream_st own = get();
    return Cudart.isDone(device, "cudaStreamQuery", () -> cudart.cudaStreamQuery(own));
  }

  /**
   * Waits until all that is in the stream is done.
   *
   * @throws IllegalStateException if this is closed
   * @throws CudaRuntimeException if something went wrong on the way
   */
  public void synchronize() {
    CUstream_st own = get();
    Cudart.call(device, "cudaStreamSynchronize", () -> cudart.cudaStreamSynchronize(own));
  }

  /** Ends the stream if this has made it; calls after the first do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true) && owned) {
      LIVE.decrementAndGet();
      Cudart.free(device, "cudaStreamDestroy", () -> cudart.cudaStreamDestroy(stream));
    }
  }

  /** Returns the number of streams in the process that this class has made and not ended. */
  public static long live() {
    return LIVE.get();
  }
}
