// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.cuda.CudaDevices;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.Device;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The parts of a session that hold native memory: constants, plans, and the count of runs that
 * closing waits for. Safe for use by several threads.
 */
final class SessionCore {
  /** The sizes of all inputs, one after the other; their numbers of dimensions are fixed. */
  private record Key(long[] sizes) {
    static Key of(List<long[]> shapes) {
      int count = 0;
      for (long[] shape : shapes) {
        count += shape.length;
      }
      LongBuffer sizes = LongBuffer.allocate(count);
      for (long[] shape : shapes) {
        sizes.put(shape);
      }
      return new Key(sizes.array());
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && Arrays.equals(sizes, key.sizes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(sizes);
    }
  }

  /** Makes lanes of a device. Like {@link Landing} no lambda, as in the kinds of operations. */
  private record LanesOf(Device device) implements Function<PlanPool, Lane> {
    @Override
    public Lane apply(PlanPool pool) {
      return device.isCpu() ? new HostLane() : new CudaLane(device, pool.graphs());
    }
  }

  private final class Landing implements Consumer<Flight> {
    @Override
    public void accept(Flight flight) {
      giveBack(flight.pool(), flight.instance());
    }
  }

  private final Program program;
  private final SessionOptions options;
  private final ConstantMemory constants;
  private final RunSlots slots;
  private final PlanMemory memory;
  private final Function<PlanPool, Lane> lanes;

  /** By use, the one unused for longest first; guarded by itself. */
  private final Map<Key, PlanPool> plans = new LinkedHashMap<>(16, 0.75f, true);

  private final Object lock = new Object();
  private int running;
  private boolean closing;
  private boolean closed;

  SessionCore(Program program, SessionOptions options) {
    this(program, options, new LanesOf(options.device()));
  }

  /**
   * Packs the constants.
   *
   * @param lanes make that in which an instance of a plan runs
   */
  SessionCore(Program program, SessionOptions options, Function<PlanPool, Lane> lanes) {
    this.program = program;
    this.options = options;
    if (!options.device().isCpu()) {
      CudaDevices.requireUsable(options.device());
    }
    this.constants = new ConstantMemory(program, options.device());
    this.slots = new RunSlots(options.maxConcurrentRuns(), new Landing());
    this.lanes = lanes;
    this.memory = new PlanMemory(options.maxPlanBytes());
  }

  Program program() {
    return program;
  }

  ConstantMemory constants() {
    return constants;
  }

  Device device() {
    return options.device();
  }

  /** Returns what became of the CUDA graphs of all plans that are kept. */
  List<GraphReport> graphs() {
    synchronized (plans) {
      return plans.values().stream()
          .map(
              pool ->
                  new GraphReport(
                      pool.plan().inputs().stream().map(Plan.Port::value).toList(),
                      pool.graphs().nodes(),
                      pool.graphs().obstacle()))
          .toList();
    }
  }

  /** Returns the plan for some input shapes, made now if it is new. */
  PlanPool plan(List<long[]> shapes) {
    Key key = Key.of(shapes);
    synchronized (plans) {
      PlanPool known = plans.get(key);
      if (known != null) {
        return known;
      }
    }
    PlanPool made = new PlanPool(new Plan(program, shapes), new PlanGraphs(noGraphs()));
    synchronized (plans) {
      PlanPool other = plans.putIfAbsent(key, made);
      if (other != null) {
        return other;
      }
      Iterator<PlanPool> oldest = plans.values().iterator();
      while (plans.size() > options.maxPlans()) {
        oldest.next().retire().forEach(this::discard);
        oldest.remove();
      }
    }
    return made;
  }

  private String noGraphs() {
    if (options.device().isCpu()) {
      return "the session runs on the CPU";
    }
    return options.cudaGraphs() ? null : "the session's options say so";
  }

  private void discard(PlanInstance instance) {
    long bytes = instance.bytes();
    instance.close();
    memory.release(bytes);
  }

  /**
   * Runs the program.
   *
   * @param stream of the caller, in which to work; null: one of the session's own
   * @param nanoseconds gets the times of operations; null: not wanted
   */
  void run(
      PlanPool pool, TensorData[] inputs, TensorData[] outputs, Long stream, long[] nanoseconds) {
    enter();
    try {
      slots.acquire();
      try {
        runWithThreads(pool, inputs, outputs, stream, nanoseconds);
      } finally {
        slots.release();
      }
    } finally {
      leave();
    }
  }

  /**
   * Enqueues a run without waiting for it, on the memory of those before it in the same stream if
   * that can be.
   *
   * @param inputs not to be changed afterwards, nor outputs
   * @param stream of the caller, in which to work; null: one of the session's own
   */
  EnqueuedRun enqueue(PlanPool pool, TensorData[] inputs, TensorData[] outputs, Long stream) {
    enter();
    try {
      slots.collect();
      Flight flight = areStaged(inputs) ? null : slots.board(pool, stream);
      return enqueue(flight == null ? begin(pool, stream) : flight, inputs, outputs, stream);
    } finally {
      leave();
    }
  }

  /** Whether there are inputs that the host writes to an instance's memory, not to be shared. */
  private static boolean areStaged(TensorData[] inputs) {
    for (TensorData input : inputs) {
      if (!input.isInPlace()) {
        return true;
      }
    }
    return false;
  }

  private Flight begin(PlanPool pool, Long stream) {
    slots.acquire();
    boolean begun = false;
    try {
      Flight flight = new Flight(pool, lease(pool), stream);
      slots.begin(flight);
      begun = true;
      return flight;
    } finally {
      if (!begun) {
        slots.release();
      }
    }
  }

  private EnqueuedRun enqueue(
      Flight flight, TensorData[] inputs, TensorData[] outputs, Long stream) {
    boolean enqueued = false;
    try {
      Mark mark = flight.instance().enqueue(inputs, outputs, stream);
      EnqueuedRun run = new EnqueuedRun(slots, mark, inputs, outputs);
      slots.add(flight, run);
      enqueued = true;
      return run;
    } finally {
      if (!enqueued) {
        slots.leave(flight);
      }
    }
  }

  /** Sizes of workspaces, too, may depend on the threads that a call may use. */
  private void runWithThreads(
      PlanPool pool, TensorData[] inputs, TensorData[] outputs, Long stream, long[] nanoseconds) {
    if (options.threads() == 0) {
      runLeased(pool, inputs, outputs, stream, nanoseconds);
      return;
    }
    octet.octet_set_caller_threads(options.threads());
    try {
      runLeased(pool, inputs, outputs, stream, nanoseconds);
    } finally {
      octet.octet_set_caller_threads(0);
    }
  }

  private void runLeased(
      PlanPool pool, TensorData[] inputs, TensorData[] outputs, Long stream, long[] nanoseconds) {
    PlanInstance instance = lease(pool);
    try {
      instance.run(inputs, outputs, stream, nanoseconds);
    } finally {
      giveBack(pool, instance);
    }
  }

  private void giveBack(PlanPool pool, PlanInstance instance) {
    if (!pool.give(instance)) {
      discard(instance);
    }
  }

  private PlanInstance lease(PlanPool pool) {
    PlanInstance idle = pool.take();
    return idle != null ? idle : instantiate(pool);
  }

  private PlanInstance allocate(PlanPool pool) {
    return new PlanInstance(pool.plan(), program.operations(), constants, lanes.apply(pool));
  }

  /** Allocates once more without what idle plans have if the device has no memory left. */
  private PlanInstance allocateOrDrain(PlanPool pool) {
    try {
      return allocate(pool);
    } catch (NativeMemoryException e) {
      if (options.device().isCpu() || !drain()) {
        throw e;
      }
      return allocate(pool);
    }
  }

  /** Waits for enqueued runs and frees what idle plans have; returns false if that is nothing. */
  private boolean drain() {
    slots.awaitEnqueued();
    boolean any = false;
    synchronized (plans) {
      for (PlanPool pool : plans.values()) {
        for (PlanInstance instance : pool.drain()) {
          discard(instance);
          any = true;
        }
      }
    }
    return any;
  }

  private PlanInstance instantiate(PlanPool pool) {
    Plan plan = pool.plan();
    reserve(plan.arenaBytes());
    PlanInstance instance;
    try {
      instance = allocateOrDrain(pool);
    } catch (RuntimeException | Error e) {
      memory.release(plan.arenaBytes());
      throw e;
    }
    long workspace = instance.bytes() - plan.arenaBytes();
    try {
      reserve(workspace);
    } catch (NativeMemoryException e) {
      instance.close();
      memory.release(plan.arenaBytes());
      throw e;
    }
    return instance;
  }

  /** Counts memory that is about to be allocated; frees what idle plans have if need be. */
  private void reserve(long bytes) {
    if (!memory.tryReserve(bytes)) {
      drain();
      if (!memory.tryReserve(bytes)) {
        long others = memory.reserved();
        throw new NativeMemoryException(
            "the values of this run take "
                + bytes
                + " bytes, other runs have "
                + others
                + " at present, and the session's maxPlanBytes is "
                + memory.most()
                + ": run smaller batches or fewer at a time, or raise it");
      }
    }
  }

  private void enter() {
    synchronized (lock) {
      requireOpen();
      running++;
    }
  }

  private void leave() {
    synchronized (lock) {
      running--;
      if (running == 0 && closing) {
        lock.notifyAll();
      }
    }
  }

  /** Throws if the session was closed. */
  void requireOpen() {
    synchronized (lock) {
      if (closing) {
        throw new IllegalStateException(
            "the session is closed; open another one with Session.open");
      }
    }
  }

  boolean isClosed() {
    synchronized (lock) {
      return closing;
    }
  }

  /** Lets no run begin any more, waits for those that have begun, and frees all memory. */
  void close() {
    boolean first;
    synchronized (lock) {
      first = !closing;
      closing = true;
    }
    if (first) {
      await(true);
      slots.awaitEnqueued();
      free();
      synchronized (lock) {
        closed = true;
        lock.notifyAll();
      }
    } else {
      await(false);
    }
  }

  /** Waits until no run is under way, or until everything is freed. */
  private void await(boolean forRuns) {
    boolean interrupted = false;
    synchronized (lock) {
      while (forRuns ? running != 0 : !closed) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void free() {
    synchronized (plans) {
      for (PlanPool pool : plans.values()) {
        for (PlanInstance instance : pool.retire()) {
          instance.close();
        }
      }
      plans.clear();
    }
    constants.close();
  }
}
