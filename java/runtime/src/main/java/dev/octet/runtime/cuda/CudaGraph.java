// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Calls of a stream that were recorded and are launched as one, on the memory that they had then.
 * Freed by {@link #close()} and by nothing else. Not safe for use by several threads.
 */
public final class CudaGraph implements AutoCloseable {
  private static final AtomicLong LIVE = new AtomicLong();

  private final CudaStream stream;
  private final Address handle;
  private final long nodes;
  private final AtomicBoolean freed = new AtomicBoolean();

  private CudaGraph(CudaStream stream, long handle, long nodes) {
    this.stream = stream;
    this.handle = new Address(handle);
    this.nodes = nodes;
  }

  /**
   * Records what some calls enqueue; nothing of it is run.
   *
   * @param calls makes calls with the stream and returns an {@code octet_status}
   * @throws IllegalStateException if that can't be recorded, because something in it waits for the
   *     device, for example; the stream can be used on
   * @throws RuntimeException what else the status of the calls stands for
   */
  public static CudaGraph record(CudaStream stream, IntSupplier calls) {
    int device = stream.device().index();
    NativeLibrary.check(octet.octet_cuda_graph_begin(device, stream.handle()));
    boolean made = false;
    try {
      NativeLibrary.check(calls.getAsInt());
      made = true;
    } finally {
      if (!made) {
        octet.octet_cuda_graph_end(device, stream.handle(), (PointerPointer<?>) null, null);
      }
    }
    try (PointerPointer<?> graph = new PointerPointer<>(1);
        SizeTPointer nodes = new SizeTPointer(1)) {
      NativeLibrary.check(octet.octet_cuda_graph_end(device, stream.handle(), graph, nodes));
      LIVE.incrementAndGet();
      return new CudaGraph(stream, CudaDevices.pointee(graph), nodes.get());
    }
  }

  /** Returns how many kernels and copies it has. */
  public long nodes() {
    return nodes;
  }

  /** Enqueues everything, and returns an {@code octet_status}. */
  public int launch() {
    return octet.octet_cuda_graph_launch(stream.device().index(), handle, stream.handle());
  }

  /** Frees the graph, whose launches must be done; calls after the first do nothing. */
  @Override
  public void close() {
    if (freed.compareAndSet(false, true)) {
      int status = octet.octet_cuda_graph_destroy(stream.device().index(), handle);
      LIVE.decrementAndGet();
      CudaDevices.checkFree(status, "a graph of " + stream.device());
    }
  }

  /** Returns the number of graphs in the process that are not closed. */
  public static long live() {
    return LIVE.get();
  }
}
