// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.type.Device;
import java.util.Objects;

/**
 * Settings of a session. Immutable; {@code with} methods throw {@code IllegalArgumentException} for
 * a setting outside its limits.
 *
 * @param threads the most CPU threads that one run may use, the calling one included, up to 1024;
 *     0: what the process is set to ({@code NativeLibrary.setThreads}, {@code OCTET_NUM_THREADS}).
 *     It holds for this session's runs alone; the helping threads are shared by all sessions of the
 *     process, and a run that finds them at work for another one goes on without them. Results do
 *     not depend on it.
 * @param maxPlans the most combinations of input shapes whose memory plans are kept, 1 to 2^20; the
 *     one unused for longest goes first
 * @param maxConcurrentRuns the most runs at a time, 1 to 2^16; further callers wait for one to end.
 *     Each run at a time has memory of its own
 * @param maxPlanBytes the most bytes of memory of the device for all plans together, without
 *     constants; {@link #MACHINE_MEMORY}: as many as the machine has
 * @param device where constants and values lie and operations run
 * @param cudaGraphs whether runs on a CUDA device record their calls as a graph, one for each
 *     combination of input shapes, and launch that; results do not depend on it
 */
public record SessionOptions(
    int threads,
    int maxPlans,
    int maxConcurrentRuns,
    long maxPlanBytes,
    Device device,
    boolean cudaGraphs) {
  /** As {@link #maxPlanBytes()}: the bytes of memory of the machine, or of the container. */
  public static final long MACHINE_MEMORY = -1;

  private static final int MOST_THREADS = 1024;

  /**
   * Checks the settings.
   *
   * @throws IllegalArgumentException for one outside its limits
   */
  public SessionOptions {
    require("threads", threads, 0, MOST_THREADS);
    require("maxPlans", maxPlans, 1, 1 << 20);
    require("maxConcurrentRuns", maxConcurrentRuns, 1, 1 << 16);
    require("maxPlanBytes", maxPlanBytes, MACHINE_MEMORY, Long.MAX_VALUE);
    Objects.requireNonNull(device, "device");
  }

  private static void require(String name, long value, long least, long greatest) {
    if (value < least || value > greatest) {
      throw new IllegalArgumentException(
          name + " is " + value + "; expected " + least + " to " + greatest);
    }
  }

  /**
   * Returns the process's threads, 16 plans, as many runs at a time as there are processors, the
   * machine's memory (or the container's) as limit, and the CPU.
   */
  public static SessionOptions defaults() {
    return new SessionOptions(
        0, 16, Runtime.getRuntime().availableProcessors(), MACHINE_MEMORY, Device.cpu(), true);
  }

  /** Returns these settings with another number of threads. */
  public SessionOptions withThreads(int value) {
    return new SessionOptions(value, maxPlans, maxConcurrentRuns, maxPlanBytes, device, cudaGraphs);
  }

  /** Returns these settings with another number of plans. */
  public SessionOptions withMaxPlans(int value) {
    return new SessionOptions(threads, value, maxConcurrentRuns, maxPlanBytes, device, cudaGraphs);
  }

  /** Returns these settings with another number of runs at a time. */
  public SessionOptions withMaxConcurrentRuns(int value) {
    return new SessionOptions(threads, maxPlans, value, maxPlanBytes, device, cudaGraphs);
  }

  /** Returns these settings with another limit of memory. */
  public SessionOptions withMaxPlanBytes(long value) {
    return new SessionOptions(threads, maxPlans, maxConcurrentRuns, value, device, cudaGraphs);
  }

  /** Returns these settings with another device. */
  public SessionOptions withDevice(Device value) {
    return new SessionOptions(
        threads, maxPlans, maxConcurrentRuns, maxPlanBytes, value, cudaGraphs);
  }

  /** Returns these settings with or without CUDA graphs. */
  public SessionOptions withCudaGraphs(boolean value) {
    return new SessionOptions(threads, maxPlans, maxConcurrentRuns, maxPlanBytes, device, value);
  }
}
