// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.MemoryBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.bytedeco.javacpp.Pointer;

/**
 * Lanes of a device whose work ends when a test says so. The work is done by the CPU at once: what
 * shows is who waits for it, and whose memory it is until then.
 */
final class SlowDevice {
  private static final int NO_THREADS = -1;

  private final List<Work> work = new ArrayList<>();
  private int lanes;
  private int openLanes;
  private int openMarks;

  /** Something that was enqueued. */
  final class Work implements Mark {
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile boolean fails;
    private boolean closed;

    /** Lets it end. */
    void end() {
      ended.countDown();
    }

    /** Lets it end in a failure. */
    void fail() {
      fails = true;
      ended.countDown();
    }

    private void requireOpen() {
      if (closed) {
        throw new AssertionError("used after it was closed");
      }
    }

    @Override
    public boolean isReached() {
      requireOpen();
      return ended.getCount() == 0;
    }

    @Override
    public int await() {
      requireOpen();
      boolean interrupted = false;
      while (true) {
        try {
          ended.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      // Any failure with words will do.
      return fails ? octet.octet_set_num_threads(NO_THREADS) : octet.OCTET_OK;
    }

    @Override
    public void close() {
      requireOpen();
      closed = true;
      synchronized (SlowDevice.this) {
        openMarks--;
      }
    }
  }

  private final class SlowLane implements Lane {
    private final HostLane host = new HostLane();

    @Override
    public MemoryBlock allocate(long bytes, String purpose) {
      return host.allocate(bytes, purpose);
    }

    @Override
    public void enterStream(long stream) {}

    @Override
    public void leaveStream() {}

    @Override
    public Pointer stream() {
      return host.stream();
    }

    @Override
    public boolean reaches(TensorData data) {
      return host.reaches(data);
    }

    @Override
    public long hostMemory(long place, long bytes, String purpose) {
      return host.hostMemory(place, bytes, purpose);
    }

    @Override
    public int copy(long target, long source, long bytes) {
      return host.copy(target, source, bytes);
    }

    @Override
    public int launch(Calls calls, long[] places) {
      return host.launch(calls, places);
    }

    @Override
    public Mark mark() {
      Work next = new Work();
      synchronized (SlowDevice.this) {
        work.add(next);
        openMarks++;
      }
      return next;
    }

    @Override
    public int finish() {
      return host.finish();
    }

    @Override
    public void close() {
      host.close();
      synchronized (SlowDevice.this) {
        openLanes--;
      }
    }
  }

  synchronized Lane lane() {
    lanes++;
    openLanes++;
    return new SlowLane();
  }

  /** Returns what was enqueued as the n-th, from 0. */
  synchronized Work work(int n) {
    return work.get(n);
  }

  /** Returns how much was enqueued. */
  synchronized int enqueued() {
    return work.size();
  }

  /** Returns how many lanes were made. */
  synchronized int lanes() {
    return lanes;
  }

  /** Returns how many lanes are not closed. */
  synchronized int openLanes() {
    return openLanes;
  }

  /** Returns how many marks are not closed. */
  synchronized int openMarks() {
    return openMarks;
  }
}
