// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.cuda.CudaDevices;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.cuda.presets.CudaPresets;
import dev.octet.runtime.cuda.presets.PresetDevices;
import dev.octet.runtime.cuda.presets.PresetEvent;
import dev.octet.runtime.cuda.presets.PresetStream;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.type.Device;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.stat.descriptive.rank.Median;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;

/**
 * A CUDA device with a stream, and what calls in it take between events. Each call finds the
 * second-level cache cold: memory twice its size is written before, and as often as the host needs
 * to enqueue the call meanwhile, so that its time is no part of the device's.
 *
 * <p>On an emulated device, which has no times, calls are made once. Not safe for use by several
 * threads.
 */
public final class CudaTimer implements AutoCloseable {
  private static final String EMULATOR = "vgpu";
  private static final int MOST_FLUSHES = 100;

  private final Device device;
  private final boolean emulated;
  private final PresetStream stream;
  private final PresetEvent before;
  private final PresetEvent after;
  private final DeviceBlock cold;

  /**
   * Makes a stream.
   *
   * @throws UnsupportedOperationException if the device or the presets can't be used; the message
   *     says what is missing
   * @throws IllegalArgumentException if the machine has no device of this number
   */
  public CudaTimer(Device device) {
    CudaDevices.requireUsable(device);
    CudaPresets.requireAvailable();
    this.device = device;
    long cacheBytes;
    try (cudaDeviceProp properties = PresetDevices.properties(device)) {
      emulated = properties.name().getString().contains(EMULATOR);
      cacheBytes = properties.l2CacheSize();
    }
    stream = PresetStream.create(device);
    before = PresetEvent.create(device);
    after = PresetEvent.create(device);
    cold = DeviceBlock.allocate(device, 2 * cacheBytes, "cold caches");
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /** Returns the stream, which lives as long as this. */
  public PresetStream stream() {
    return stream;
  }

  /** Tells whether there are no times. */
  public boolean isEmulated() {
    return emulated;
  }

  /** Describes the device, in a line. */
  public String describe() {
    String line = NativeLibrary.cudaDevices().get(device.index());
    return emulated ? line + ": emulated, no times" : line;
  }

  /**
   * Returns what a call takes on the device: the median of as many as fill the slice.
   *
   * @param sliceNanos in nanoseconds
   * @param call enqueues work in the stream
   * @return nanoseconds; NaN on an emulated device, where the call is made once
   */
  public double nanoseconds(long sliceNanos, Runnable call) {
    if (emulated) {
      call.run();
      stream.synchronize();
      return Double.NaN;
    }
    int flushes = flushes(call);
    List<Double> times = new ArrayList<>();
    long start = System.nanoTime();
    do {
      times.add(1e3 * microseconds(flushes, call));
    } while (System.nanoTime() - start < sliceNanos);
    return new Median().evaluate(times.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Returns how often to write the memory before a call. */
  private int flushes(Runnable call) {
    double flush = microseconds(0, this::flush);
    stream.synchronize();
    long start = System.nanoTime();
    call.run();
    double host = (System.nanoTime() - start) / 1e3;
    stream.synchronize();
    // Twice the host's time: launches take longer now and then. Where it waits for the device
    // itself, as first runs of programs do, no number of them would do.
    return (int) Math.min(MOST_FLUSHES, 1 + 2 * host / flush);
  }

  private void flush() {
    int error = cudart.cudaMemsetAsync(new Address(cold.address()), 0, cold.bytes(), stream.get());
    if (error != cudart.cudaSuccess) {
      throw new IllegalStateException(
          "cudaMemsetAsync failed: " + cudart.cudaGetErrorName(error).getString());
    }
  }

  /** Makes one call between two events, with cold caches. */
  double microseconds(int flushes, Runnable call) {
    for (int i = 0; i < flushes; i++) {
      flush();
    }
    before.record(stream);
    call.run();
    after.record(stream);
    after.synchronize();
    return after.microsecondsSince(before);
  }

  @Override
  public void close() {
    stream.synchronize();
    cold.close();
    after.close();
    before.close();
    stream.close();
  }
}
