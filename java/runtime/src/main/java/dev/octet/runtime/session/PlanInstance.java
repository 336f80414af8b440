// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.CallContext;
import dev.octet.runtime.op.NativeCall;
import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/** The memory of one run at a time and its prepared calls. Not safe for use by several threads. */
final class PlanInstance implements AutoCloseable {
  private static final int LARGEST_SLOT = Integer.MAX_VALUE;

  /** A tensor of an input or output whose data may lie in the caller's memory. */
  private record Movable(StructMemory.DataField field, long offset) {}

  /** Copies a value to an output that has memory of its own. */
  private record Copy(Address from, Address to, long bytes) {
    void run() {
      if (bytes > 0) {
        Pointer.memcpy(to, from, bytes);
      }
    }
  }

  /** An input or output: the tensors to point to its memory, and a view of its own memory. */
  private final class Gate {
    private final Plan.Port port;
    private final List<Movable> movables;
    private final List<Address> copies = new ArrayList<>();
    private TensorData.Slot slot;
    private long pointed;

    Gate(Plan.Port port) {
      this.port = port;
      this.movables = PlanInstance.this.movables.computeIfAbsent(port.storage(), k -> newList());
      this.pointed = ownAddress();
    }

    private long ownAddress() {
      return arena.address() + port.storage().offset();
    }

    void pointTo(TensorData data) {
      long address = data.isInPlace() ? data.address() : ownAddress();
      if (address == pointed) {
        return;
      }
      pointed = address;
      for (int i = 0; i < movables.size(); i++) {
        Movable movable = movables.get(i);
        movable.field().set(address + movable.offset());
      }
      for (int i = 0; i < copies.size(); i++) {
        copies.get(i).moveTo(address);
      }
    }

    TensorData.Slot slot() {
      if (slot == null) {
        if (port.bytes() > LARGEST_SLOT) {
          throw new IllegalArgumentException(
              "'"
                  + port.value().name()
                  + "' has "
                  + port.bytes()
                  + " bytes, more than can be copied from or to the heap; give a direct buffer or"
                  + " a DLPack tensor for it");
        }
        slot = TensorData.Slot.of(NativeBlock.view(ownAddress(), (int) port.bytes()));
      }
      return slot;
    }
  }

  private static List<Movable> newList() {
    return new ArrayList<>();
  }

  private final Plan plan;
  private final ConstantMemory constants;
  private final NativeBlock arena;
  private NativeBlock workspace;
  private final StructMemory structs = new StructMemory();
  private final Map<Plan.Storage, List<Movable>> movables = new HashMap<>();
  private final Gate[] inputs;
  private final Gate[] outputs;
  private final NativeCall[] calls;
  private final Copy[] copies;

  /**
   * Allocates memory and prepares all calls.
   *
   * @throws dev.octet.runtime.memory.NativeMemoryException if there is no memory
   */
  PlanInstance(Plan plan, List<Operation> operations, ConstantMemory constants) {
    this.plan = plan;
    this.constants = constants;
    arena = NativeBlock.allocate(plan.arenaBytes(), "the values of a run");
    try {
      inputs = plan.inputs().stream().map(Gate::new).toArray(Gate[]::new);
      outputs = plan.outputs().stream().map(Gate::new).toArray(Gate[]::new);
      List<Context> contexts = new ArrayList<>();
      long workspaceBytes = 0;
      for (int i = 0; i < operations.size(); i++) {
        Context context = new Context(plan.steps().get(i), constants.prepared(i));
        OperationKind kind = operations.get(i).kind();
        try {
          context.workspaceBytes = kind.workspaceBytes(context);
        } catch (IllegalArgumentException e) {
          throw context.operation.error("can't be prepared: " + e.getMessage());
        }
        workspaceBytes = Math.max(workspaceBytes, context.workspaceBytes);
        contexts.add(context);
      }
      workspace = NativeBlock.allocate(workspaceBytes, "the workspace of a run");
      calls = new NativeCall[operations.size()];
      for (int i = 0; i < calls.length; i++) {
        calls[i] = operations.get(i).kind().prepare(contexts.get(i));
      }
      copies = copies();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Copy[] copies() {
    List<Copy> list = new ArrayList<>();
    for (Gate output : outputs) {
      Plan.Storage source = output.port.source();
      if (source == null) {
        continue;
      }
      Address from = new Address(address(source));
      Address to = new Address(output.ownAddress());
      list.add(new Copy(from, to, output.port.bytes()));
      output.copies.add(to);
      for (Gate gate : inputs) {
        if (gate.port.storage() == source) {
          gate.copies.add(from);
        }
      }
      for (Gate gate : outputs) {
        if (gate.port.storage() == source) {
          gate.copies.add(from);
        }
      }
    }
    return list.toArray(Copy[]::new);
  }

  private long address(Plan.Storage storage) {
    return storage.constant() != null
        ? constants.address(storage.constant())
        : arena.address() + storage.offset();
  }

  /** Returns the bytes of native memory that an instance has, structures aside. */
  long bytes() {
    return arena.bytes() + workspace.bytes();
  }

  /**
   * Runs the program.
   *
   * @param nanoseconds gets the time of every operation; null: not wanted
   */
  void run(TensorData[] from, TensorData[] to, long[] nanoseconds) {
    for (int i = 0; i < inputs.length; i++) {
      inputs[i].pointTo(from[i]);
      if (!from[i].isInPlace()) {
        from[i].copyTo(inputs[i].slot(), (int) inputs[i].port.bytes());
      }
    }
    for (int i = 0; i < outputs.length; i++) {
      outputs[i].pointTo(to[i]);
    }
    if (nanoseconds == null) {
      runCalls();
    } else {
      runTimed(nanoseconds);
    }
    for (Copy copy : copies) {
      copy.run();
    }
    for (int i = 0; i < outputs.length; i++) {
      if (!to[i].isInPlace()) {
        to[i].copyFrom(outputs[i].slot(), (int) outputs[i].port.bytes());
      }
    }
  }

  private void runCalls() {
    for (int i = 0; i < calls.length; i++) {
      NativeCall call = calls[i];
      if (call != null) {
        int status = call.run();
        if (status != octet.OCTET_OK) {
          fail(i, status);
        }
      }
    }
  }

  private void runTimed(long[] nanoseconds) {
    for (int i = 0; i < calls.length; i++) {
      long start = System.nanoTime();
      int status = calls[i] == null ? octet.OCTET_OK : calls[i].run();
      nanoseconds[i] = System.nanoTime() - start;
      if (status != octet.OCTET_OK) {
        fail(i, status);
      }
    }
  }

  private void fail(int step, int status) {
    String title = plan.steps().get(step).title();
    try {
      NativeLibrary.check(status);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(title + ": " + e.getMessage(), e);
    } catch (UnsupportedOperationException e) {
      throw new UnsupportedOperationException(title + ": " + e.getMessage(), e);
    } catch (IllegalStateException e) {
      throw new IllegalStateException(title + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    structs.close();
    arena.close();
    if (workspace != null) {
      workspace.close();
    }
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
          structs.tensor(address(storage) + bytes, value.type(), shape, strides);
      if (storage.constant() == null) {
        movables.computeIfAbsent(storage, k -> newList()).add(new Movable(struct.field(), bytes));
      }
      return struct.tensor();
    }

    @Override
    public octet_grid grid(String role) {
      Value value = value(role);
      return value == null ? null : grid(value.grid());
    }

    @Override
    public octet_grid grid(Grid grid) {
      return constants.grid(grid, structs);
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
    public StructMemory structs() {
      return structs;
    }
  }
}
