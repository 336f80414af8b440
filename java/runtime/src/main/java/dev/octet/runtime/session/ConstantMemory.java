// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.ConstantContext;
import dev.octet.runtime.op.OperationView;
import dev.octet.runtime.program.Constant;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * What all plans of a session share: the constants' addresses, scales and zero points, packed
 * weights. Constants are used where they are if that is native memory with the alignment of their
 * elements, else copied once.
 */
final class ConstantMemory implements AutoCloseable {
  /** Scales and zero points as tensors. */
  private record GridTensors(DLTensor delta, DLTensor zeroFloat) {}

  private final Program program;
  private final StructMemory structs = new StructMemory();
  private final List<NativeBlock> blocks = new ArrayList<>();
  private final Map<String, Long> addresses = new HashMap<>();
  private final Map<Grid, GridTensors> grids = new HashMap<>();
  private final List<Object> prepared = new ArrayList<>();

  /** Prepares everything; may take as long as reading all constants twice. */
  ConstantMemory(Program program) {
    this.program = program;
    try {
      program.constants().forEach((name, constant) -> addresses.put(name, place(constant)));
      program.values().values().forEach(value -> gridTensors(value.grid()));
      for (Operation operation : program.operations()) {
        Context context = new Context(operation);
        try {
          prepared.add(operation.kind().prepareConstants(context));
        } catch (IllegalArgumentException e) {
          throw context.operation().error("can't prepare its constants: " + e.getMessage());
        }
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private long place(Constant constant) {
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
    NativeBlock block = allocate(data.remaining(), "constant '" + constant.value().name() + "'");
    block.buffer(0, data.remaining()).order(ByteOrder.LITTLE_ENDIAN).put(data);
    return block.address();
  }

  private NativeBlock allocate(long bytes, String purpose) {
    NativeBlock block = NativeBlock.allocate(bytes, purpose);
    blocks.add(block);
    return block;
  }

  private synchronized GridTensors gridTensors(Grid grid) {
    if (grid == null) {
      return null;
    }
    GridTensors tensors = grids.get(grid);
    if (tensors == null) {
      DLTensor zeroFloat = null;
      if (grid.hasZeroPoints()) {
        int[] zeroPoints = grid.zeroPoints();
        float[] floats = new float[zeroPoints.length];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = zeroPoints[i];
        }
        zeroFloat = floatTensor(floats);
      }
      tensors = new GridTensors(floatTensor(grid.scales()), zeroFloat);
      grids.put(grid, tensors);
    }
    return tensors;
  }

  private DLTensor floatTensor(float[] values) {
    long[] shape = {values.length};
    return structs.tensor(structs.floats(values).address(), ElementType.F32, shape, null).tensor();
  }

  /** Returns a grid as a structure in some memory; null for null. */
  octet_grid grid(Grid grid, StructMemory memory) {
    if (grid == null) {
      return null;
    }
    GridTensors tensors = gridTensors(grid);
    return memory.grid(
        tensors.delta(), tensors.zeroFloat(), grid.intMin(), grid.intMax(), grid.axis());
  }

  /** Returns the address of a constant. */
  long address(String name) {
    return addresses.get(name);
  }

  /** Returns what the kind of an operation prepared. */
  Object prepared(int operation) {
    return prepared.get(operation);
  }

  /** Returns the bytes of copied constants and of what was prepared. */
  long bytes() {
    return blocks.stream().mapToLong(NativeBlock::bytes).sum();
  }

  @Override
  public void close() {
    structs.close();
    blocks.forEach(NativeBlock::close);
  }

  private final class Context implements ConstantContext {
    private final OperationView operation;

    Context(Operation operation) {
      Map<String, Value> inputs = new LinkedHashMap<>();
      operation.inputs().forEach((role, name) -> inputs.put(role, program.values().get(name)));
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
    public DLTensor tensor(String role) {
      return operation.has(role) ? tensor(role, operation.input(role).shape().sizes()) : null;
    }

    @Override
    public DLTensor tensor(String role, long[] shape) {
      Value value = operation.input(role);
      return structs.tensor(address(value.name()), value.type(), shape, null).tensor();
    }

    @Override
    public octet_grid grid(String role) {
      return ConstantMemory.this.grid(operation.input(role).grid(), structs);
    }

    @Override
    public NativeBlock allocate(long bytes) {
      return ConstantMemory.this.allocate(bytes, operation.title());
    }

    @Override
    public StructMemory structs() {
      return structs;
    }
  }
}
