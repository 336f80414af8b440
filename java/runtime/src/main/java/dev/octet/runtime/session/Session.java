// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.lang.ref.Cleaner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.LoggerFactory;

/**
 * A program that is ready to run, on the CPU or on a CUDA device.
 *
 * <pre>{@code
 * try (Session session = Session.open(Path.of("model.octet"))) {
 *   float[] y = session.run(Map.of("x", TensorData.of(x, 8, 64))).get("y").floats();
 * }
 * }</pre>
 *
 * <p>Opening packs the constants. The first run with a combination of input shapes plans memory for
 * it: values that are not needed at the same time share memory. Runs with these shapes then use
 * that memory again; concurrent runs have memory each, up to {@link
 * SessionOptions#maxConcurrentRuns()} of them, and don't wait for each other. {@link #bind()} is
 * the way to run without any allocation.
 *
 * <p>Safe for use by several threads. {@link #close()} frees all native memory at once; a session
 * that becomes unreachable without it is closed by the garbage collector, with a warning in the
 * log. What a run computes does not depend on threads, instruction set or concurrent runs.
 *
 * <p>{@link SessionOptions#withDevice} chooses a CUDA device. Constants are then copied there when
 * the session opens, packed for its kernels; every run at a time has a stream and memory of the
 * device. Runs return when their results are there; {@link IoBinding#runAsync()} enqueues one in a
 * stream and returns. From the second run with a combination of input shapes on, the calls of a run
 * are launched as one CUDA graph; {@link #graphs()} says where they are not, and why. Results are
 * those of the CPU, bit for bit, save that an index outside of a table, which is an error there,
 * makes rows of NaN or zero points.
 *
 * <p>Measured on a virtual machine with two cores of an AMD EPYC (Zen 4), other work beside it,
 * with operations on four elements: {@link IoBinding#run()} of one operation 0.4 to 0.8
 * microseconds, each further operation 0.24 (most of it the native library's checks of arguments);
 * {@link #run(Map)} of one operation 2.3.
 */
public final class Session implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  /** Frees what a forgotten session has. */
  private record Forgotten(SessionCore core) implements Runnable {
    @Override
    public void run() {
      if (!core.isClosed()) {
        LoggerFactory.getLogger(Session.class)
            .warn("a session was not closed before it became unreachable; call close()");
        core.close();
      }
    }
  }

  private final SessionCore core;
  private final Cleaner.Cleanable cleanable;
  private final List<Value> outputs;

  private Session(Program program, SessionOptions options) {
    NativeLibrary.load();
    core = new SessionCore(program, options);
    cleanable = CLEANER.register(this, new Forgotten(core));
    List<Value> named = new ArrayList<>();
    for (Map.Entry<String, String> output : program.outputs().entrySet()) {
      Value value = program.values().get(output.getValue());
      named.add(new Value(output.getKey(), value.type(), value.shape(), value.grid()));
    }
    outputs = List.copyOf(named);
  }

  /**
   * Opens an artifact with default settings.
   *
   * @throws IOException if the file can't be read or is no whole, unaltered artifact; the message
   *     says what is wrong where
   */
  public static Session open(Path artifact) throws IOException {
    return open(artifact, SessionOptions.defaults());
  }

  /**
   * Opens an artifact. Its constants are mapped, not read into memory: the file must not be changed
   * in place while the session is open (put another one in its place instead).
   *
   * @throws IOException if the file can't be read or is no whole, unaltered artifact; the message
   *     says what is wrong where
   * @throws RuntimeException as {@link #open(Program, SessionOptions)} does
   */
  public static Session open(Path artifact, SessionOptions options) throws IOException {
    StartUp startUp = StartUp.begin();
    Program program;
    try {
      program = Artifact.read(artifact);
    } finally {
      if (startUp != null) {
        startUp.await();
      }
    }
    return open(program, options);
  }

  /** Opens a program with default settings. */
  public static Session open(Program program) {
    return open(program, SessionOptions.defaults());
  }

  /**
   * Opens a program.
   *
   * @throws IllegalArgumentException if constants are not what their operations take, or the
   *     machine has no CUDA device of this number
   * @throws UnsupportedOperationException if the CUDA device can't be used, or has no kernels for
   *     an operation (some of these show at the first run); the message says what is missing
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory for them
   * @throws dev.octet.bindings.NativeLibraryException if the native library can't be loaded; the
   *     message says what to add to the class path
   */
  public static Session open(Program program, SessionOptions options) {
    return new Session(
        Objects.requireNonNull(program, "program"), Objects.requireNonNull(options, "options"));
  }

  /** Returns the program. */
  public Program program() {
    return core.program();
  }

  /** Returns names, types, shapes and grids of the inputs, in order. */
  public List<Value> inputs() {
    return core.program().inputs();
  }

  /** Returns names, types, shapes and grids of the outputs, in order. */
  public List<Value> outputs() {
    return outputs;
  }

  /** Returns the device on which it runs. */
  public Device device() {
    return core.device();
  }

  /**
   * Returns the bytes of native memory, of all devices, that packed and copied constants take.
   *
   * @throws IllegalStateException if the session is closed
   */
  public long constantBytes() {
    core.requireOpen();
    return core.constants().bytes();
  }

  /**
   * Starts a binding of memory to inputs and outputs.
   *
   * @throws IllegalStateException if the session is closed
   */
  public IoBinding bind() {
    core.requireOpen();
    return new IoBinding(this, core);
  }

  /**
   * Runs the program and returns its outputs in new arrays.
   *
   * @param inputs all inputs by name
   * @return all outputs by name, in order: {@code float[]} for f32, {@code short[]} for f16 and
   *     bf16, {@code byte[]} for s8, u8 and bool, {@code int[]} for s32, {@code long[]} for i64
   * @throws IllegalArgumentException as {@link IoBinding#input} and {@link IoBinding#run()} do, or
   *     if an input is missing
   * @throws IllegalStateException if the session is closed, or the device has failed
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory for the run; the
   *     session can be used on
   */
  public Map<String, TensorData> run(Map<String, TensorData> inputs) {
    IoBinding binding = bind(inputs).allocateOutputs();
    binding.run();
    Map<String, TensorData> results = new LinkedHashMap<>();
    for (Value value : outputs) {
      results.put(value.name(), binding.output(value.name()));
    }
    return results;
  }

  /**
   * Runs the program and writes its outputs into memory of the caller.
   *
   * @param inputs all inputs by name
   * @param outputs all outputs by name
   * @throws IllegalArgumentException as {@link #run(Map)}, or if memory for an output is missing or
   *     too small
   * @throws RuntimeException what else {@link #run(Map)} throws
   */
  public void run(Map<String, TensorData> inputs, Map<String, TensorData> outputs) {
    IoBinding binding = bind(inputs);
    for (Map.Entry<String, TensorData> output : outputs.entrySet()) {
      binding.output(output.getKey(), output.getValue());
    }
    for (Value value : this.outputs) {
      if (!outputs.containsKey(value.name())) {
        throw new IllegalArgumentException("output '" + value.name() + "' is missing");
      }
    }
    binding.run();
  }

  private IoBinding bind(Map<String, TensorData> inputs) {
    IoBinding binding = bind();
    for (Map.Entry<String, TensorData> input : inputs.entrySet()) {
      binding.input(input.getKey(), input.getValue());
    }
    for (Value value : inputs()) {
      if (!inputs.containsKey(value.name())) {
        throw new IllegalArgumentException("input '" + value.name() + "' is missing");
      }
    }
    return binding;
  }

  /**
   * Runs the program once and returns the time of every operation, in the order in which they run.
   * On a CUDA device each is waited for, and no graph is launched: the sum is more than the time of
   * a run.
   *
   * @param inputs all inputs by name
   * @throws RuntimeException as {@link #run(Map)} does
   */
  public List<OperationTiming> profile(Map<String, TensorData> inputs) {
    IoBinding binding = bind(inputs).allocateOutputs();
    List<OperationView> steps = binding.plan().steps();
    long[] nanoseconds = new long[steps.size()];
    binding.run(nanoseconds);
    List<OperationTiming> timings = new ArrayList<>();
    for (int i = 0; i < nanoseconds.length; i++) {
      OperationView step = steps.get(i);
      long bytes = 0;
      for (Value value : step.inputs().values()) {
        bytes += Plan.bytes(value);
      }
      for (Value value : step.outputs().values()) {
        bytes += Plan.bytes(value);
      }
      String kind = program().operations().get(i).kind().name();
      timings.add(
          new OperationTiming(program().operations().get(i).name(), kind, nanoseconds[i], bytes));
    }
    return timings;
  }

  /**
   * Returns the memory plan for some shapes; nothing is run or allocated.
   *
   * @param inputShapes sizes of all inputs by name
   * @throws IllegalArgumentException if the program does not take them
   * @throws IllegalStateException if the session is closed
   */
  public PlanReport plan(Map<String, long[]> inputShapes) {
    core.requireOpen();
    List<long[]> shapes = new ArrayList<>();
    for (Value input : inputs()) {
      long[] shape = inputShapes.get(input.name());
      if (shape == null) {
        throw new IllegalArgumentException("the shape of input '" + input.name() + "' is missing");
      }
      shapes.add(shape);
    }
    Plan plan = new Plan(program(), shapes);
    return new PlanReport(
        plan.inputs().stream().map(Plan.Port::value).toList(),
        plan.outputs().stream().map(Plan.Port::value).toList(),
        plan.arenaBytes(),
        plan.sumBytes());
  }

  /**
   * Returns what became of the CUDA graphs for the combinations of input shapes that are kept, the
   * one unused for longest first.
   */
  public List<GraphReport> graphs() {
    return core.graphs();
  }

  /** Tells whether {@link #close()} was called. */
  public boolean isClosed() {
    return core.isClosed();
  }

  /**
   * Closes the session: runs that have begun or are enqueued end as usual and are waited for,
   * further ones are refused, then all native memory is freed. Calls after the first do nothing but
   * wait.
   */
  @Override
  public void close() {
    core.close();
    cleanable.clean();
  }
}
