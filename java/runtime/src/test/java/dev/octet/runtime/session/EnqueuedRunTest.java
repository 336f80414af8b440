// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs that a device takes its time for: whose memory is whose, and who waits for whom. */
class EnqueuedRunTest {
  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;
  private static final long FIRST = 16;
  private static final long SECOND = 32;

  private final long blocks = NativeBlock.liveBlocks();
  private final Perceptron perceptron = Perceptron.make(1);
  private final SlowDevice device = new SlowDevice();

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(0, device.openMarks());
    assertEquals(0, device.openLanes());
    assertEquals(blocks, NativeBlock.liveBlocks());
  }

  private SessionCore open(SessionOptions options) {
    return new SessionCore(perceptron.program(), options, pool -> device.lane());
  }

  private SessionCore open() {
    return open(SessionOptions.defaults().withMaxConcurrentRuns(4));
  }

  /** A batch of the perceptron, in memory of its own. */
  private final class Batch {
    private final int size;
    private final float[] values;
    private final ByteBuffer y;
    private final TensorData[] inputs;
    private final TensorData[] outputs;

    Batch(int size, int seed) {
      this.size = size;
      this.values = TestPrograms.floats(new Random(seed), size * IN, 5);
      ByteBuffer x = direct(size * IN);
      x.asFloatBuffer().put(values);
      this.y = direct(size * OUT);
      this.inputs = new TensorData[] {TensorData.of(x, size, IN)};
      this.outputs = new TensorData[] {TensorData.of(y, size, OUT)};
    }

    private static ByteBuffer direct(int floats) {
      return ByteBuffer.allocateDirect(floats * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    PlanPool pool(SessionCore core) {
      return core.plan(List.of(new long[] {size, IN}));
    }

    EnqueuedRun enqueue(SessionCore core, Long stream) {
      return core.enqueue(pool(core), inputs, outputs, stream);
    }

    EnqueuedRun enqueueFromHeap(SessionCore core, Long stream) {
      TensorData[] heap = {TensorData.of(values, size, IN)};
      return core.enqueue(pool(core), heap, outputs, stream);
    }

    void run(SessionCore core) {
      core.run(pool(core), inputs, outputs, null, null);
    }

    void check() {
      float[] actual = new float[size * OUT];
      y.asFloatBuffer().get(actual);
      assertArrayEquals(perceptron.expected(values, size), actual);
    }
  }

  /** Starts a thread and returns it when it waits for something. */
  private static Thread waiting(Runnable action) throws InterruptedException {
    Thread thread = new Thread(action);
    thread.setDaemon(true);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      assertTrue(thread.isAlive(), "it did not wait");
      Thread.sleep(1);
    }
    return thread;
  }

  private static void join(Thread thread) throws InterruptedException {
    thread.join(TimeUnit.SECONDS.toMillis(60));
    assertFalse(thread.isAlive(), "it still waits");
  }

  private void eventually(Supplier<Boolean> condition) throws InterruptedException {
    for (int i = 0; i < 60_000 && !condition.get(); i++) {
      Thread.sleep(1);
    }
    assertTrue(condition.get());
  }

  @Test
  void runsInOneStreamShareTheirMemory() {
    SessionCore core = open(SessionOptions.defaults().withMaxConcurrentRuns(1));
    Batch[] batches = {new Batch(2, 1), new Batch(2, 2), new Batch(2, 3)};
    EnqueuedRun[] runs = new EnqueuedRun[batches.length];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = batches[i].enqueue(core, FIRST);
    }
    assertEquals(1, device.lanes());
    for (int i = 0; i < runs.length; i++) {
      assertFalse(runs[i].isDone());
      device.work(i).end();
      assertTrue(runs[i].isDone());
      runs[i].await();
      batches[i].check();
    }
    core.close();
  }

  @Test
  void runsInSeveralStreamsHaveMemoryEach() {
    SessionCore core = open();
    EnqueuedRun first = new Batch(2, 1).enqueue(core, FIRST);
    EnqueuedRun second = new Batch(2, 2).enqueue(core, SECOND);
    EnqueuedRun own = new Batch(2, 3).enqueue(core, null);
    EnqueuedRun alsoOwn = new Batch(2, 4).enqueue(core, null);
    assertEquals(4, device.lanes());
    // In any order, and the memory of what ends is used again.
    device.work(2).end();
    own.await();
    EnqueuedRun third = new Batch(2, 5).enqueue(core, null);
    assertEquals(4, device.lanes());
    for (int i = 0; i < device.enqueued(); i++) {
      device.work(i).end();
    }
    for (EnqueuedRun run : List.of(first, second, alsoOwn, third)) {
      assertTrue(run.isDone());
      run.await();
    }
    core.close();
  }

  @Test
  void otherShapesHaveOtherMemory() {
    SessionCore core = open();
    new Batch(1, 1).enqueue(core, FIRST);
    new Batch(2, 2).enqueue(core, FIRST);
    new Batch(1, 3).enqueue(core, FIRST);
    assertEquals(2, device.lanes());
    for (int i = 0; i < 3; i++) {
      device.work(i).end();
    }
    core.close();
  }

  /** What the host writes there would be overwritten before it is read. */
  @Test
  void memoryThatTheHostWritesIsNotShared() {
    SessionCore core = open();
    new Batch(2, 1).enqueueFromHeap(core, FIRST);
    new Batch(2, 2).enqueueFromHeap(core, FIRST);
    assertEquals(2, device.lanes());
    new Batch(2, 3).enqueue(core, FIRST);
    assertEquals(2, device.lanes());
    for (int i = 0; i < 3; i++) {
      device.work(i).end();
    }
    core.close();
  }

  @Test
  void furtherRunsWaitForEnqueuedOnes() throws InterruptedException {
    SessionCore core = open(SessionOptions.defaults().withMaxConcurrentRuns(1));
    new Batch(2, 1).enqueue(core, FIRST);
    Batch enqueued = new Batch(2, 2);
    Thread enqueues = waiting(() -> enqueued.enqueue(core, SECOND));
    assertEquals(1, device.enqueued());
    device.work(0).end();
    join(enqueues);
    Batch waitedFor = new Batch(3, 3);
    Thread runs = waiting(() -> waitedFor.run(core));
    device.work(1).end();
    join(runs);
    enqueued.check();
    waitedFor.check();
    core.close();
  }

  /** Nothing was enqueued yet when the thread began to wait. */
  @Test
  void runsThatWaitForOthersSeeThoseThatAreEnqueuedLater() throws InterruptedException {
    RunSlots slots = new RunSlots(1, flight -> {});
    slots.acquire();
    Thread waits = waiting(slots::acquire);
    SlowDevice.Work mark = (SlowDevice.Work) lane().mark();
    Flight flight = new Flight(null, null, FIRST);
    slots.begin(flight);
    slots.add(flight, new EnqueuedRun(slots, mark, null, null));
    mark.end();
    join(waits);
  }

  private Lane lane() {
    Lane lane = device.lane();
    lane.close();
    return lane;
  }

  @Test
  void closingWaitsForEnqueuedRuns() throws InterruptedException {
    SessionCore core = open();
    Batch batch = new Batch(2, 1);
    EnqueuedRun first = batch.enqueue(core, FIRST);
    EnqueuedRun second = batch.enqueue(core, SECOND);
    Thread closes = waiting(core::close);
    assertThrows(IllegalStateException.class, () -> batch.enqueue(core, FIRST));
    assertEquals(2, device.openLanes());
    device.work(1).end();
    assertTrue(second.isDone());
    assertEquals(2, device.enqueued());
    assertTrue(closes.isAlive());
    device.work(0).end();
    join(closes);
    assertTrue(first.isDone());
    first.await();
    batch.check();
  }

  @Test
  void failuresComeWhenTheRunIsWaitedFor() {
    SessionCore core = open();
    EnqueuedRun fails = new Batch(2, 1).enqueue(core, FIRST);
    EnqueuedRun works = new Batch(2, 2).enqueue(core, SECOND);
    device.work(0).fail();
    device.work(1).end();
    assertTrue(fails.isDone());
    for (int i = 0; i < 2; i++) {
      IllegalStateException e = assertThrows(IllegalStateException.class, fails::await);
      assertTrue(e.getMessage().contains("octet_set_num_threads"), e.getMessage());
    }
    works.await();
    core.close();
    assertThrows(IllegalStateException.class, fails::await);
  }

  @Test
  void severalThreadsWaitForOneRun() throws InterruptedException {
    SessionCore core = open();
    EnqueuedRun run = new Batch(2, 1).enqueue(core, FIRST);
    Thread[] threads = {waiting(run::await), waiting(run::await), waiting(run::await)};
    threads[0].interrupt();
    device.work(0).end();
    for (Thread thread : threads) {
      join(thread);
    }
    assertTrue(run.isDone());
    core.close();
  }

  @Test
  void plansThatArePushedOutKeepTheirMemoryUntilTheirRunsAreDone() {
    SessionCore core = open(SessionOptions.defaults().withMaxPlans(1).withMaxConcurrentRuns(2));
    Batch small = new Batch(1, 1);
    EnqueuedRun first = small.enqueue(core, FIRST);
    Batch large = new Batch(2, 2);
    EnqueuedRun second = large.enqueue(core, FIRST);
    assertEquals(2, device.openLanes());
    device.work(0).end();
    first.await();
    assertEquals(1, device.openLanes());
    device.work(1).end();
    second.await();
    small.check();
    large.check();
    core.close();
  }

  /** The memory of a run. */
  private long bytes(int batch) {
    SessionCore core = open();
    Plan plan = new Plan(core.program(), List.of(new long[] {batch, IN}));
    try (PlanInstance instance =
        new PlanInstance(plan, core.program().operations(), core.constants(), device.lane())) {
      return instance.bytes();
    } finally {
      core.close();
    }
  }

  @Test
  void shortMemoryIsWaitedFor() throws InterruptedException {
    long needed = bytes(64);
    SessionCore core =
        open(SessionOptions.defaults().withMaxConcurrentRuns(4).withMaxPlanBytes(needed * 3 / 2));
    new Batch(64, 1).enqueue(core, FIRST);
    Batch next = new Batch(64, 2);
    Thread enqueues = waiting(() -> next.enqueue(core, SECOND));
    device.work(0).end();
    join(enqueues);
    eventually(() -> device.openLanes() == 1);
    device.work(1).end();
    core.close();
    next.check();
  }
}
