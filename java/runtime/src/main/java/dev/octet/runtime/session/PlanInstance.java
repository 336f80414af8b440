// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.CallContext;
import dev.octet.runtime.op.NativeCall;
import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** The memory of one run at a time and its prepared calls. Not safe for use by several threads. */
final class PlanInstance implements AutoCloseable {
  private final Plan plan;
  private final ConstantMemory constants;
  private final Device device;
  private final Lane lane;
  private final StructMemory structs = new StructMemory();
  private final Map<Plan.Storage, List<Gate.Movable>> movables = new HashMap<>();
  private final Steps steps = new Steps();
  private MemoryBlock arena;
  private MemoryBlock workspace;
  private final long[] places;
  private final Gate[] inputs;
  private final Gate[] outputs;
  private final NativeCall[] calls;
  private final MovableCopy[] copies;

  /**
   * Allocates memory and prepares all calls.
   *
   * @param lane of the device on which the constants are; closed with this
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory
   */
  PlanInstance(Plan plan, List<Operation> operations, ConstantMemory constants, Lane lane) {
    this.plan = plan;
    this.constants = constants;
    this.device = constants.device();
    this.lane = lane;
    try {
      arena = lane.allocate(plan.arenaBytes(), "the values of a run");
      places = new long[plan.inputs().size() + plan.outputs().size()];
      inputs = gates(plan.inputs(), 0);
      outputs = gates(plan.outputs(), inputs.length);
      calls = calls(operations);
      copies = copies();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Gate[] gates(List<Plan.Port> ports, int firstPlace) {
    Gate[] gates = new Gate[ports.size()];
    for (int i = 0; i < gates.length; i++) {
      Plan.Port port = ports.get(i);
      long own = arena.address() + port.storage().offset();
      gates[i] = new Gate(port, lane, own, movables(port.storage()), places, firstPlace + i);
    }
    return gates;
  }

  private List<Gate.Movable> movables(Plan.Storage storage) {
    List<Gate.Movable> list = movables.get(storage);
    if (list == null) {
      list = new ArrayList<>();
      movables.put(storage, list);
    }
    return list;
  }

  private NativeCall[] calls(List<Operation> operations) {
    List<Context> contexts = new ArrayList<>();
    long workspaceBytes = 0;
    for (int i = 0; i < operations.size(); i++) {
      Context context = new Context(plan.steps().get(i), constants.prepared(i));
      OperationKind kind = operations.get(i).kind();
      try {
        context.workspaceBytes = kind.workspaceBytes(context);
      } catch (IllegalArgumentException e) {
        throw context.operation.error("can't be prepared: " + e.getMessage());
      } catch (UnsupportedOperationException e) {
        throw unsupported(context.operation.title(), device, e);
      }
      workspaceBytes = Math.max(workspaceBytes, context.workspaceBytes);
      contexts.add(context);
    }
    workspace = lane.allocate(workspaceBytes, "the workspace of a run");
    NativeCall[] prepared = new NativeCall[operations.size()];
    for (int i = 0; i < prepared.length; i++) {
      prepared[i] = operations.get(i).kind().prepare(contexts.get(i));
    }
    return prepared;
  }

  /** Returns an exception that says which operation can't run on the device, and what to do. */
  static UnsupportedOperationException unsupported(
      String title, Device device, UnsupportedOperationException e) {
    String advice =
        device.isCpu()
            ? ""
            : ". Run the program on the CPU: SessionOptions.withDevice(Device.cpu()), --device cpu";
    return new UnsupportedOperationException(title + ": " + e.getMessage() + advice, e);
  }

  private MovableCopy[] copies() {
    List<MovableCopy> list = new ArrayList<>();
    for (Gate output : outputs) {
      Plan.Storage source = output.port().source();
      if (source == null) {
        continue;
      }
      MovableCopy copy = new MovableCopy(address(source), output);
      list.add(copy);
      output.add(copy);
      for (Gate gate : inputs) {
        if (gate.port().storage() == source) {
          gate.add(copy);
        }
      }
      for (Gate gate : outputs) {
        if (gate.port().storage() == source) {
          gate.add(copy);
        }
      }
    }
    return list.toArray(new MovableCopy[0]);
  }

  private long address(Plan.Storage storage) {
    return storage.constant() != null
        ? constants.address(storage.constant())
        : arena.address() + storage.offset();
  }

  /** Returns the bytes of memory of the device that an instance has. */
  long bytes() {
    return arena.bytes() + workspace.bytes();
  }

  /**
   * Runs the program.
   *
   * @param stream of the caller, in which to work; null: the instance's own
   * @param nanoseconds gets the time of every operation; null: not wanted
   */
  void run(TensorData[] from, TensorData[] to, Long stream, long[] nanoseconds) {
    if (stream == null) {
      run(from, to, nanoseconds);
      return;
    }
    lane.enterStream(stream);
    try {
      run(from, to, nanoseconds);
    } finally {
      lane.leaveStream();
    }
  }

  /**
   * Enqueues a run, whose outputs are memory that the device reaches or is copied to in place.
   *
   * @param stream of the caller, in which to work; null: the instance's own
   * @return a mark behind the run, for the caller to close; nothing is under way after an exception
   */
  Mark enqueue(TensorData[] from, TensorData[] to, Long stream) {
    if (stream == null) {
      return enqueue(from, to);
    }
    lane.enterStream(stream);
    try {
      return enqueue(from, to);
    } finally {
      lane.leaveStream();
    }
  }

  private Mark enqueue(TensorData[] from, TensorData[] to) {
    boolean done = false;
    try {
      begin(from, to, null);
      Mark mark = lane.mark();
      done = true;
      return mark;
    } finally {
      if (!done) {
        lane.finish();
      }
    }
  }

  private void begin(TensorData[] from, TensorData[] to, long[] nanoseconds) {
    for (int i = 0; i < inputs.length; i++) {
      inputs[i].bringIn(from[i]);
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i].pointTo(to[i]);
    }
    int status = nanoseconds == null ? lane.launch(steps, places) : steps.run(nanoseconds);
    if (status != octet.OCTET_OK) {
      fail(steps.failed(), status);
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i].sendOut(to[i]);
    }
  }

  private void run(TensorData[] from, TensorData[] to, long[] nanoseconds) {
    boolean done = false;
    try {
      begin(from, to, nanoseconds);
      done = true;
    } finally {
      int status = lane.finish();
      if (done && status != octet.OCTET_OK) {
        NativeLibrary.check(status);
      }
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i].deliver(to[i]);
    }
  }

  /** All operations, then the copies to outputs that have memory of their own. */
  private final class Steps implements Lane.Calls {
    private int failed;

    @Override
    public int run() {
      for (int i = 0; i < calls.length; i++) {
        NativeCall call = calls[i];
        int status = call == null ? octet.OCTET_OK : call.run();
        if (status != octet.OCTET_OK) {
          failed = i;
          return status;
        }
      }
      return copy();
    }

    /** Runs with times, each from before a call to when it is done. */
    int run(long[] nanoseconds) {
      for (int i = 0; i < calls.length; i++) {
        long start = System.nanoTime();
        int status = calls[i] == null ? octet.OCTET_OK : calls[i].run();
        if (status == octet.OCTET_OK) {
          status = lane.finish();
        }
        nanoseconds[i] = System.nanoTime() - start;
        if (status != octet.OCTET_OK) {
          failed = i;
          return status;
        }
      }
      return copy();
    }

    private int copy() {
      failed = calls.length;
      int status = octet.OCTET_OK;
      for (int i = 0; i < copies.length && status == octet.OCTET_OK; i++) {
        status = copies[i].run(lane);
      }
      return status;
    }

    @Override
    public String failed() {
      return failed < calls.length ? plan.steps().get(failed).title() : "the end of the program";
    }
  }

  private void fail(String title, int status) {
    try {
      NativeLibrary.check(status);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(title + ": " + e.getMessage(), e);
    } catch (UnsupportedOperationException e) {
      throw unsupported(title, device, e);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(title + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    structs.close();
    if (arena != null) {
      arena.close();
    }
    if (workspace != null) {
      workspace.close();
    }
    lane.close();
  }

  private final class Context implements CallContext {
    private final OperationView operation;
    private final Object prepared;
    private long workspaceBytes;

    Context(OperationView operation, Object prepared) {
      this.operation = operation;
      this.prepared = prepared;
    }

    private Value value(String role) {
      Value input = operation.input(role);
      return input == null ? operation.output(role) : input;
    }

    @Override
    public OperationView operation() {
      return operation;
    }

    @Override
    public DLTensor tensor(String role) {
      Value value = value(role);
      return value == null ? null : tensor(role, value.shape().sizes());
    }

    @Override
    public DLTensor tensor(String role, long[] shape) {
      return tensor(role, shape, null, 0);
    }

    @Override
    public DLTensor tensor(String role, long[] shape, long[] strides, long offset) {
      Value value = value(role);
      Plan.Storage storage = plan.storage(value.name());
      long bytes = offset * value.type().byteSize();
      StructMemory.TensorStruct struct =
          structs.tensor(device, address(storage) + bytes, value.type(), shape, strides);
      if (storage.constant() == null) {
        movables(storage).add(new Gate.Movable(struct.field(), bytes));
      }
      return struct.tensor();
    }

    @Override
    public DLTensor repeated(ElementType type, long[] shape, long element) {
      long address = constants.element(element);
      return structs.tensor(device, address, type, shape, new long[shape.length]).tensor();
    }

    @Override
    public octet_grid grid(String role) {
      Value value = value(role);
      return value == null ? null : grid(value.grid());
    }

    @Override
    public octet_grid grid(Grid grid) {
      return constants.gridOfCalls(grid, structs);
    }

    @Override
    public Object constants() {
      return prepared;
    }

    @Override
    public Address workspace() {
      return new Address(workspace.address());
    }

    @Override
    public long workspaceBytes() {
      return workspaceBytes;
    }

    @Override
    public Pointer stream() {
      return lane.stream();
    }

    @Override
    public StructMemory structs() {
      return structs;
    }
  }
}
