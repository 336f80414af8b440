// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.ConstantContext;
import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Constant;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;

/**
 * What all plans of a session share: the constants' addresses, scales and zero points, packed
 * weights. On the CPU constants are used where they are if that is native memory with the alignment
 * of their elements, else copied once. To a device everything that calls use there is copied once.
 */
final class ConstantMemory implements AutoCloseable {
  private static final int ELEMENT_BYTES = Long.BYTES;

  /** Scales and zero points as tensors. */
  private record GridTensors(DLTensor delta, DLTensor zeroFloat) {}

  private final Program program;
  private final Device device;

  /** Null on the CPU. */
  private final CudaStream stream;

  private final StructMemory structs = new StructMemory();
  private final List<MemoryBlock> blocks = new ArrayList<>();

  /** What is needed only while constants are prepared for another device. */
  private final List<NativeBlock> passing = new ArrayList<>();

  private final Map<String, Long> hostAddresses = new HashMap<>();
  private final Map<String, Long> deviceAddresses = new HashMap<>();
  private final Map<Grid, GridTensors> hostGrids = new HashMap<>();
  private final Map<Grid, GridTensors> deviceGrids = new HashMap<>();
  private final Map<Long, Long> elements = new HashMap<>();
  private final List<Object> prepared = new ArrayList<>();

  /**
   * Prepares everything; may take as long as reading all constants twice.
   *
   * @param device where calls run; one that can be used
   */
  ConstantMemory(Program program, Device device) {
    this.program = program;
    this.device = device;
    this.stream = device.isCpu() ? null : CudaStream.create(device);
    try {
      for (Map.Entry<String, Constant> constant : program.constants().entrySet()) {
        hostAddresses.put(constant.getKey(), find(constant.getValue()));
      }
      for (Operation operation : program.operations()) {
        prepare(operation);
      }
      for (Value value : program.values().values()) {
        if (!program.constants().containsKey(value.name())) {
          gridTensors(value.grid());
        }
      }
      for (String output : program.outputs().values()) {
        if (program.constants().containsKey(output)) {
          address(output);
        }
      }
      if (stream != null) {
        stream.synchronize();
      }
      closeAll(passing);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void prepare(Operation declared) {
    Context context = new Context(declared);
    OperationView operation = context.operation();
    try {
      prepared.add(declared.kind().prepareConstants(context));
    } catch (IllegalArgumentException e) {
      throw operation.error("can't prepare its constants: " + e.getMessage());
    } catch (UnsupportedOperationException e) {
      throw PlanInstance.unsupported(operation.title(), device, e);
    }
    // What was not packed is used by the calls.
    for (Map.Entry<String, Value> input : operation.inputs().entrySet()) {
      String role = input.getKey();
      if (operation.isConstant(role) && !context.packed.contains(role)) {
        address(input.getValue().name());
        gridTensors(input.getValue().grid());
      }
    }
  }

  Device device() {
    return device;
  }

  /** Returns where a constant is in memory of the host, with the alignment of its elements. */
  private long find(Constant constant) {
    ByteBuffer data = constant.data();
    if (!data.hasRemaining()) {
      return 0;
    }
    if (data.isDirect()) {
      long address = new Pointer(data.slice()).address();
      if (address % constant.value().type().byteSize() == 0) {
        return address;
      }
    }
    NativeBlock block =
        forPreparing(data.remaining(), "constant '" + constant.value().name() + "'");
    block.buffer(0, data.remaining()).order(ByteOrder.LITTLE_ENDIAN).put(data);
    return block.address();
  }

  private NativeBlock forPreparing(long bytes, String purpose) {
    if (device.isCpu()) {
      return keep(bytes, purpose);
    }
    NativeBlock block = NativeBlock.allocate(bytes, purpose);
    passing.add(block);
    return block;
  }

  private NativeBlock keep(long bytes, String purpose) {
    NativeBlock block = NativeBlock.allocate(bytes, purpose);
    blocks.add(block);
    return block;
  }

  private DeviceBlock keepOnDevice(long bytes, String purpose) {
    DeviceBlock block = DeviceBlock.allocate(device, bytes, purpose);
    blocks.add(block);
    return block;
  }

  /** Returns where the device finds what is in memory of the host, copied there if need be. */
  private long send(long hostAddress, long bytes, String purpose) {
    if (device.isCpu() || bytes == 0) {
      return hostAddress;
    }
    DeviceBlock block = keepOnDevice(bytes, purpose);
    stream.copy(block.address(), hostAddress, bytes);
    stream.synchronize();
    return block.address();
  }

  /** Returns the address of a constant as calls see it. */
  synchronized long address(String name) {
    Long known = deviceAddresses.get(name);
    if (known != null) {
      return known;
    }
    long bytes = Plan.bytes(program.constants().get(name).value());
    long address = send(hostAddresses.get(name), bytes, "constant '" + name + "'");
    deviceAddresses.put(name, address);
    return address;
  }

  /** Returns the address of an element's bits as calls see it. */
  synchronized long element(long bits) {
    Long known = elements.get(bits);
    if (known != null) {
      return known;
    }
    long address = send(structs.longs(bits).address(), ELEMENT_BYTES, "an element");
    elements.put(bits, address);
    return address;
  }

  private synchronized GridTensors hostGridTensors(Grid grid) {
    GridTensors tensors = hostGrids.get(grid);
    if (tensors == null) {
      tensors = tensors(grid, Device.cpu());
      hostGrids.put(grid, tensors);
    }
    return tensors;
  }

  /** Calls on a device take grids of one element, which they read themselves, from the host. */
  private synchronized GridTensors gridTensors(Grid grid) {
    if (grid == null || device.isCpu() || grid.scales().length == 1) {
      return grid == null ? null : hostGridTensors(grid);
    }
    GridTensors tensors = deviceGrids.get(grid);
    if (tensors == null) {
      tensors = tensors(grid, device);
      deviceGrids.put(grid, tensors);
    }
    return tensors;
  }

  private GridTensors tensors(Grid grid, Device where) {
    DLTensor zeroFloat = null;
    if (grid.hasZeroPoints()) {
      int[] zeroPoints = grid.zeroPoints();
      float[] floats = new float[zeroPoints.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = zeroPoints[i];
      }
      zeroFloat = floatTensor(floats, where);
    }
    return new GridTensors(floatTensor(grid.scales(), where), zeroFloat);
  }

  private DLTensor floatTensor(float[] values, Device where) {
    long[] shape = {values.length};
    long host = structs.floats(values).address();
    long address = where.isCpu() ? host : send(host, (long) values.length * Float.BYTES, "scales");
    return structs.tensor(where, address, ElementType.F32, shape, null).tensor();
  }

  /** Returns a grid as a structure in some memory, as calls take it; null for null. */
  octet_grid gridOfCalls(Grid grid, StructMemory memory) {
    return grid == null ? null : structure(grid, gridTensors(grid), memory);
  }

  private static octet_grid structure(Grid grid, GridTensors tensors, StructMemory memory) {
    return memory.grid(
        tensors.delta(), tensors.zeroFloat(), grid.intMin(), grid.intMax(), grid.axis());
  }

  /** Returns what the kind of an operation prepared. */
  Object prepared(int operation) {
    return prepared.get(operation);
  }

  /** Returns the bytes of copied constants and of what was prepared. */
  synchronized long bytes() {
    return blocks.stream().mapToLong(MemoryBlock::bytes).sum();
  }

  @Override
  public void close() {
    structs.close();
    closeAll(blocks);
    closeAll(passing);
    if (stream != null) {
      stream.close();
    }
  }

  private static void closeAll(List<? extends MemoryBlock> memory) {
    for (MemoryBlock block : memory) {
      block.close();
    }
  }

  private final class Context implements ConstantContext {
    private final OperationView operation;

    /** The roles whose constants were asked for. */
    private final Set<String> packed = new HashSet<>();

    Context(Operation operation) {
      Map<String, Value> inputs = new LinkedHashMap<>();
      for (Map.Entry<String, String> input : operation.inputs().entrySet()) {
        inputs.put(input.getKey(), program.values().get(input.getValue()));
      }
      this.operation =
          operation
              .kind()
              .check(
                  inputs,
                  operation.outputs(),
                  program.constantRoles(operation),
                  operation.attributes());
    }

    @Override
    public OperationView operation() {
      return operation;
    }

    @Override
    public Device device() {
      return device;
    }

    @Override
    public Pointer stream() {
      return stream == null ? null : stream.handle();
    }

    @Override
    public DLTensor tensor(String role) {
      return operation.has(role) ? tensor(role, operation.input(role).shape().sizes()) : null;
    }

    @Override
    public DLTensor tensor(String role, long[] shape) {
      packed.add(role);
      Value value = operation.input(role);
      long address = hostAddresses.get(value.name());
      return structs.tensor(address, value.type(), shape, null).tensor();
    }

    @Override
    public octet_grid grid(String role) {
      Grid grid = operation.input(role).grid();
      return grid == null ? null : structure(grid, hostGridTensors(grid), structs);
    }

    @Override
    public NativeBlock allocate(long bytes) {
      return forPreparing(bytes, operation.title());
    }

    @Override
    public NativeBlock keep(long bytes) {
      return ConstantMemory.this.keep(bytes, operation.title());
    }

    @Override
    public MemoryBlock allocateOnDevice(long bytes) {
      return device.isCpu() ? keep(bytes) : keepOnDevice(bytes, operation.title());
    }

    @Override
    public DLTensor place(NativeBlock block, ElementType type, long[] shape) {
      long address = send(block.address(), block.bytes(), operation.title());
      return structs.tensor(device, address, type, shape, null).tensor();
    }

    @Override
    public StructMemory structs() {
      return structs;
    }
  }
}
