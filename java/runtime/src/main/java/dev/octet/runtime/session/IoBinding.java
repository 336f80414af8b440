// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The memory of a session's inputs and outputs, bound once and used by any number of runs.
 *
 * <pre>{@code
 * float[] x = new float[64], y = new float[10];
 * IoBinding io = session.bind().input("x", TensorData.of(x, 1, 64)).output("y", TensorData.of(y));
 * for (...) {
 *   fill(x);
 *   io.run();
 *   use(y);
 * }
 * }</pre>
 *
 * <p>From the second run on with the same bindings, {@link #run()} allocates nothing, neither Java
 * objects nor native memory, unless other shapes have pushed its plan out; on a CUDA device, where
 * the second run records a graph, from the third run on. Not safe for use by several threads: each
 * has a binding of its own, made by {@link Session#bind()}.
 */
public final class IoBinding {
  private final Session session;
  private final SessionCore core;
  private final List<Value> inputValues;
  private final List<Value> outputValues;
  private TensorData[] inputs;
  private TensorData[] outputs;

  /** Whether enqueued runs have these arrays, which change no more then. */
  private boolean handedOn;

  private Long stream;
  private PlanPool pool;
  private boolean checked;

  IoBinding(Session session, SessionCore core) {
    this.session = session;
    this.core = core;
    this.inputValues = session.inputs();
    this.outputValues = session.outputs();
    this.inputs = new TensorData[inputValues.size()];
    this.outputs = new TensorData[outputValues.size()];
  }

  /**
   * Binds an input, in place of what was bound to it before.
   *
   * @param data the elements, which every run reads anew; its shape must be said unless the
   *     program's input has numbers alone
   * @throws IllegalArgumentException for a name, a type, a shape or a number of elements that the
   *     program does not take
   */
  public IoBinding input(String name, TensorData data) {
    Objects.requireNonNull(data, "data");
    int index = index(inputValues, "input", name);
    Value input = inputValues.get(index);
    requireType("input", input, data);
    requireDevice("input", input, data);
    long[] shape = shapeOf(input, data);
    InputShapes.requireFits(input, shape);
    long bytes = Plan.bytes(input.withShape(Shape.ofSizes(shape)));
    if (data.byteLength() != bytes) {
      throw new IllegalArgumentException(
          "input '"
              + name
              + "' of shape "
              + Arrays.toString(shape)
              + " and type "
              + input.type()
              + " takes "
              + bytes
              + " bytes; the data has "
              + data.byteLength());
    }
    ownArrays();
    inputs[index] = data;
    pool = null;
    checked = false;
    return this;
  }

  private static long[] shapeOf(Value input, TensorData data) {
    long[] shape = data.shape();
    if (shape != null) {
      return shape;
    }
    if (!input.shape().isFixed()) {
      throw new IllegalArgumentException(
          "input '"
              + input.name()
              + "' has shape "
              + input.shape()
              + "; say which sizes the data has: TensorData.of(data, sizes...)");
    }
    return input.shape().sizes();
  }

  /**
   * Binds an output, in place of what was bound to it before. Its size and shape are checked when
   * the binding is run.
   *
   * @param data where the elements go; without a shape it may be larger than needed
   * @throws IllegalArgumentException for a name or a type that the program does not have, or memory
   *     that can't be written or lies on another device
   */
  public IoBinding output(String name, TensorData data) {
    Objects.requireNonNull(data, "data");
    int index = index(outputValues, "output", name);
    requireType("output", outputValues.get(index), data);
    requireDevice("output", outputValues.get(index), data);
    if (data.isReadOnly()) {
      throw new IllegalArgumentException("output '" + name + "' is given a read-only buffer");
    }
    ownArrays();
    outputs[index] = data;
    checked = false;
    return this;
  }

  private void ownArrays() {
    if (handedOn) {
      inputs = inputs.clone();
      outputs = outputs.clone();
      handedOn = false;
    }
  }

  /**
   * Lets the runs of this binding work in a CUDA stream of the caller instead of one of the
   * session's own: every copy, kernel and graph of a run is enqueued there, behind what is there
   * already, so that tensors which that work makes can be inputs without waiting for it. {@link
   * #run()} returns when all of it is done, as ever. To make a run wait for another stream as well,
   * let this one wait for an event of it before ({@code cudaStreamWaitEvent}).
   *
   * <p>The stream stays the caller's, who must not end it as long as this binding runs. Runs of
   * several bindings in one stream follow each other. While others record the stream as a graph,
   * runs in it fail.
   *
   * @param cudaStream the address that a {@code cudaStream_t} is, of the session's device, such as
   *     {@code CUstream_st.address()} of the CUDA presets or {@code cudaStream()} of PyTorch's
   *     streams; 0: the device's default stream. A wrong address can't be told from a right one;
   *     for those of the presets, {@code dev.octet.runtime.cuda.presets.PresetStream} checks the
   *     device
   * @throws IllegalArgumentException if the session runs on the CPU
   */
  public IoBinding stream(long cudaStream) {
    if (core.device().isCpu()) {
      throw new IllegalArgumentException(
          "cudaStream is given, but the session runs on the CPU; expected a session on a CUDA"
              + " device: SessionOptions.withDevice(Device.cuda(0))");
    }
    stream = cudaStream;
    return this;
  }

  private static void requireType(String what, Value value, TensorData data) {
    String complaint = data.complaint(value.type());
    if (complaint != null) {
      throw new IllegalArgumentException(what + " '" + value.name() + "' " + complaint);
    }
  }

  private void requireDevice(String what, Value value, TensorData data) {
    if (!data.device().isCpu() && !data.device().equals(core.device())) {
      throw new IllegalArgumentException(
          what
              + " '"
              + value.name()
              + "' is given memory of "
              + data.device()
              + "; expected the CPU"
              + (core.device().isCpu() ? "" : " or " + core.device())
              + ", where the session runs: copy it there first");
    }
  }

  private static int index(List<Value> values, String what, String name) {
    for (int i = 0; i < values.size(); i++) {
      if (values.get(i).name().equals(name)) {
        return i;
      }
    }
    throw new IllegalArgumentException(
        "there is no "
            + what
            + " '"
            + name
            + "'; expected one of "
            + values.stream().map(Value::name).toList());
  }

  /**
   * Returns the sizes that an output will have with the inputs that are bound.
   *
   * @throws IllegalArgumentException if the inputs' shapes don't fit each other
   * @throws IllegalStateException if an input is not bound, or the session is closed
   */
  public long[] outputShape(String name) {
    return plan().outputs().get(index(outputValues, "output", name)).value().shape().sizes();
  }

  /** Returns the plan for the inputs that are bound. */
  Plan plan() {
    if (pool == null || pool.isRetired()) {
      core.requireOpen();
      List<long[]> shapes = new ArrayList<>(inputs.length);
      for (int i = 0; i < inputs.length; i++) {
        if (inputs[i] == null) {
          throw new IllegalStateException("input '" + inputValues.get(i).name() + "' is not bound");
        }
        shapes.add(shapeOf(inputValues.get(i), inputs[i]));
      }
      pool = core.plan(shapes);
    }
    return pool.plan();
  }

  /**
   * Binds an array of zeros, of the type and shape that it needs, to every output that has none.
   *
   * @throws IllegalStateException if an input is not bound, or the session is closed
   * @throws IllegalArgumentException if the inputs' shapes don't fit each other, or an output has
   *     more elements than an array holds
   */
  public IoBinding allocateOutputs() {
    List<Plan.Port> ports = plan().outputs();
    for (int i = 0; i < outputs.length; i++) {
      if (outputs[i] == null) {
        ownArrays();
        Value value = ports.get(i).value();
        outputs[i] = TensorData.zeros(value.type(), value.shape().sizes(), value.name());
        checked = false;
      }
    }
    return this;
  }

  /**
   * Returns what is bound to an output, null if nothing is.
   *
   * @throws IllegalArgumentException for a name that the program does not have
   */
  public TensorData output(String name) {
    return outputs[index(outputValues, "output", name)];
  }

  /**
   * Runs the program: reads the inputs' memory and writes the outputs'.
   *
   * <p>Waits while as many runs are under way as the session allows at a time. What is in the
   * outputs after an exception is undefined.
   *
   * @throws IllegalStateException if an input or output is not bound, the session is closed, or the
   *     device has failed
   * @throws IllegalArgumentException if memory of an output has another shape than it needs, is too
   *     small or shared with an input or another output, or if shapes or values are not what an
   *     operation takes, such as an index outside of a table; the message names operation, value
   *     and position
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory for the run; the
   *     session can be used on
   */
  public void run() {
    run(null);
  }

  /** Runs with times of operations, or without for null. */
  void run(long[] nanoseconds) {
    check();
    core.run(pool, inputs, outputs, stream, nanoseconds);
  }

  private void check() {
    Plan plan = plan();
    if (!checked) {
      checkOutputs(plan);
      checked = true;
    }
  }

  /**
   * Enqueues a run in a CUDA stream, {@linkplain #stream that of the caller} or else one of the
   * session's own, and returns without waiting for it. What is enqueued in the caller's stream
   * before and after, other runs among it, finds its order kept; what is to wait in other streams
   * waits for an event of that one, and the host waits for the stream or by {@link
   * EnqueuedRun#await()}. Runs in streams of the session's own have no order.
   *
   * <pre>{@code
   * IoBinding io = session.bind().stream(s).input("x", x.data()).output("y", y.data());
   * preprocess(frame, x, s);       // a kernel of the caller, enqueued in s
   * EnqueuedRun run = io.runAsync();
   * show(y, s);                    // enqueued in s as well
   * run.await();
   * }</pre>
   *
   * <p>Until the run is done, the memory of inputs and outputs must stay where it is, inputs must
   * not be changed but by work in the stream, and the stream must not be ended. Java arrays as
   * inputs are copied before this returns. Outputs must be direct buffers or DLPack tensors, such
   * as a {@link DeviceTensor}; the CUDA runtime makes the caller wait for copies to memory of the
   * host that is not pinned. The binding can be run again at once, and given other memory.
   *
   * <p>Runs in one stream of the caller with the same input shapes share one memory for values and
   * count as one of the {@link SessionOptions#maxConcurrentRuns()}; with Java arrays as inputs each
   * has its own. This waits while as many are under way as there may be, or if memory is short: for
   * work of enqueued runs, so that no one should hold their streams up for what this thread does
   * next. {@link Session#close()} waits for enqueued runs, too. The first two runs with a
   * combination of input shapes and of memory take longer and may wait for the device, as they
   * allocate memory and record a graph.
   *
   * @return the run; it need not be kept
   * @throws IllegalStateException if the session runs on the CPU or is closed, an input or output
   *     is not bound, or the stream is being recorded as a graph
   * @throws IllegalArgumentException if shapes are not what an operation takes, or an output is a
   *     Java array
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory for the run; the
   *     session can be used on
   */
  public EnqueuedRun runAsync() {
    if (core.device().isCpu()) {
      throw new IllegalStateException(
          "the session runs on the CPU, where nothing is enqueued; call run(), on a thread of an"
              + " executor if need be, or open the session with"
              + " SessionOptions.withDevice(Device.cuda(0))");
    }
    check();
    for (int i = 0; i < outputs.length; i++) {
      if (!outputs[i].isInPlace()) {
        throw new IllegalArgumentException(
            "output '"
                + outputValues.get(i).name()
                + "' is a Java array, or a buffer on the heap or in foreign byte order, which a run"
                + " that is not waited for can't fill; bind a direct buffer or a tensor of the"
                + " device, or call run()");
      }
    }
    handedOn = true;
    return core.enqueue(pool, inputs, outputs, stream);
  }

  private void checkOutputs(Plan plan) {
    for (int i = 0; i < outputs.length; i++) {
      Plan.Port port = plan.outputs().get(i);
      String name = port.value().name();
      TensorData data = outputs[i];
      if (data == null) {
        throw new IllegalStateException(
            "output '" + name + "' is not bound; bind it or call allocateOutputs()");
      }
      if (data.shape() != null && !Arrays.equals(data.shape(), port.value().shape().sizes())) {
        throw new IllegalArgumentException(
            "output '"
                + name
                + "' has shape "
                + port.value().shape()
                + "; it is given memory of"
                + " shape "
                + Arrays.toString(data.shape()));
      }
      if (data.byteLength() < port.bytes()) {
        throw new IllegalArgumentException(
            "output '"
                + name
                + "' of shape "
                + port.value().shape()
                + " takes "
                + port.bytes()
                + " bytes; the memory given has "
                + data.byteLength());
      }
      for (int other = 0; other < inputs.length; other++) {
        requireApart(name, data, inputValues.get(other).name(), inputs[other]);
      }
      for (int other = 0; other < i; other++) {
        requireApart(name, data, outputValues.get(other).name(), outputs[other]);
      }
    }
  }

  private static void requireApart(String name, TensorData a, String otherName, TensorData b) {
    boolean apart =
        !a.isInPlace()
            || !b.isInPlace()
            || !a.device().equals(b.device())
            || a.address() + a.byteLength() <= b.address()
            || b.address() + b.byteLength() <= a.address();
    if (!apart) {
      throw new IllegalArgumentException(
          "output '"
              + name
              + "' shares memory with '"
              + otherName
              + "'; give it memory of its own");
    }
  }

  /** Returns the session, which stays reachable as long as its bindings are. */
  public Session session() {
    return session;
  }
}
