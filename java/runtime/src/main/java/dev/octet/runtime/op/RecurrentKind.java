// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_recurrent_layers;
import dev.octet.bindings.octet_recurrent_states;
import dev.octet.bindings.octet_recurrent_weights;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * {@code rnn}, {@code lstm} and {@code gru}: layers that go through a sequence step by step, in
 * floats, as PyTorch's modules of these names do in evaluation.
 *
 * <p>x is [steps, batch, inputs], [batch, steps, inputs] with {@code batch_first}, or [steps,
 * inputs], one sequence. Weights stand in numbered roles, one for each direction of each layer:
 * those of the first layer forwards, backwards where the kind is {@code bidirectional}, those of
 * the second layer, and so on. With G gates (rnn 1, gru 3, lstm 4) of H units each, and P outputs,
 * {@code input_weights} are [G * H, inputs], in layers after the first one [G * H, directions * P],
 * {@code hidden_weights} [G * H, P], both biases [G * H], and {@code projection}, of lstm alone,
 * [P, H]; without it P is H. Gates lie in PyTorch's order.
 *
 * <p>{@code h_0} and {@code c_0} are the states to begin with, zeros where they are missing:
 * [layers * directions, batch, P or H], of one sequence [layers * directions, P or H]. The outputs
 * {@code h_n} and {@code c_n} are the last states. {@code out} is like x with directions * P in
 * place of inputs.
 */
final class RecurrentKind extends OperationKind {
  private static final Set<ElementType> F32 = Signature.types(ElementType.F32);

  private final int gates;

  private RecurrentKind(Signature.Builder signature, int gates) {
    super(signature.build());
    this.gates = gates;
  }

  static RecurrentKind rnn() {
    return new RecurrentKind(
        roles("rnn", false)
            .attribute(AttributeSpec.choice("nonlinearity", Nonlinearity.class, Nonlinearity.TANH)),
        1);
  }

  static RecurrentKind lstm() {
    return new RecurrentKind(roles("lstm", true), 4);
  }

  static RecurrentKind gru() {
    return new RecurrentKind(roles("gru", false), 3);
  }

  private static Signature.Builder roles(String name, boolean cells) {
    Signature.Builder signature =
        Signature.of(name, 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input("h_0", Presence.OPTIONAL, F32, GridRule.NONE);
    if (cells) {
      signature.input("c_0", Presence.OPTIONAL, F32, GridRule.NONE);
    }
    for (String role : List.of("input_weights", "hidden_weights")) {
      signature.input(role, Presence.NUMBERED_CONSTANT, Signature.FLOATS, GridRule.NONE);
    }
    for (String role : List.of("input_bias", "hidden_bias")) {
      signature.input(role, Presence.OPTIONAL_NUMBERED_CONSTANT, F32, GridRule.NONE);
    }
    if (cells) {
      signature.input(
          "projection", Presence.OPTIONAL_NUMBERED_CONSTANT, Signature.FLOATS, GridRule.NONE);
    }
    signature.output("out", F32, GridRule.NONE).optionalOutput("h_n", F32, GridRule.NONE);
    if (cells) {
      signature.optionalOutput("c_n", F32, GridRule.NONE);
    }
    return signature
        .attribute(AttributeSpec.flag("bidirectional", false))
        .attribute(AttributeSpec.flag("batch_first", false));
  }

  private boolean hasCells() {
    return gates == 4;
  }

  private static int directions(OperationView operation) {
    return operation.flag("bidirectional") ? 2 : 1;
  }

  /** Returns how many directions all layers have together. */
  private static int count(OperationView operation) {
    return operation.inputs("input_weights").size();
  }

  private static boolean isProjected(OperationView operation) {
    return operation.has("projection0");
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 2, 3);
    checkCounts(operation);
    operation.requireRank("hidden_weights0", 2, 2);
    Shape first = operation.shape("hidden_weights0");
    long rows = first.get(0).value();
    if (rows % gates != 0) {
      throw operation.error(
          "input 'hidden_weights0' has shape "
              + first
              + "; expected a multiple of "
              + gates
              + " rows, the gates");
    }
    Dimension hidden = Dimension.of(rows / gates);
    Dimension outputs = isProjected(operation) ? first.get(1) : hidden;
    Dimension columns = outputs.times(Dimension.of(directions(operation)));
    Shape x = operation.shape("x");
    checkWeights(operation, x.get(-1), hidden, outputs, columns);
    List<Dimension> batch = new ArrayList<>();
    batch.add(Dimension.of(count(operation)));
    if (x.rank() == 3) {
      batch.add(x.get(operation.flag("batch_first") ? 0 : 1));
    }
    Shape states = Shape.of(batch);
    Map<String, Shape> shapes = new HashMap<>();
    shapes.put("out", x.with(-1, columns));
    shapes.put("h_n", states.followedBy(Shape.of(outputs)));
    shapes.put("c_n", states.followedBy(Shape.of(hidden)));
    for (String state : List.of("h", "c")) {
      if (operation.has(state + "_0")) {
        operation.requireShape(state + "_0", shapes.get(state + "_n"));
      }
    }
    return shapes;
  }

  private static void checkCounts(OperationView operation) {
    int count = count(operation);
    if (count % directions(operation) != 0) {
      throw operation.error(
          "has " + count + " inputs 'input_weights'; expected two for each layer: bidirectional");
    }
    for (String role : List.of("hidden_weights", "input_bias", "hidden_bias", "projection")) {
      int actual = operation.inputs(role).size();
      boolean optional = !role.equals("hidden_weights");
      if (actual != count && !(optional && actual == 0)) {
        throw operation.error(
            "has "
                + actual
                + " inputs '"
                + role
                + "'; expected "
                + count
                + (optional ? " or none" : "")
                + ", as it has that many 'input_weights'");
      }
    }
  }

  private void checkWeights(
      OperationView operation,
      Dimension inputs,
      Dimension hidden,
      Dimension outputs,
      Dimension columns) {
    Dimension rows = hidden.times(Dimension.of(gates));
    for (int i = 0; i < count(operation); i++) {
      Dimension width = i < directions(operation) ? inputs : columns;
      operation.requireShape("input_weights" + i, Shape.of(rows, width));
      operation.requireShape("hidden_weights" + i, Shape.of(rows, outputs));
      for (String role : List.of("input_bias" + i, "hidden_bias" + i)) {
        if (operation.has(role)) {
          operation.requireShape(role, Shape.of(rows));
        }
      }
      if (isProjected(operation)) {
        operation.requireShape("projection" + i, Shape.of(outputs, hidden));
      }
    }
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  /** The packed weights of one direction of one layer; projection is null without. */
  private record Packed(PackedBlock input, PackedBlock hidden, PackedBlock projection) {}

  /** The packed weights of all layers. */
  private record Layers(List<Packed> directions) {}

  @Override
  public Object prepareConstants(ConstantContext context) {
    List<Packed> packed = new ArrayList<>();
    for (int i = 0; i < count(context.operation()); i++) {
      packed.add(
          new Packed(
              pack(context, "input_weights" + i),
              pack(context, "hidden_weights" + i),
              isProjected(context.operation()) ? pack(context, "projection" + i) : null));
    }
    return new Layers(packed);
  }

  private static PackedBlock pack(ConstantContext context, String role) {
    DLTensor weights = context.tensor(role);
    return PackedBlock.of(
        context,
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_gemm_float_pack_size(weights, bytes);
          }
        },
        new PackedBlock.Fill() {
          @Override
          public int run(Address memory, long bytes) {
            return octet.octet_gemm_float_pack(weights, memory, bytes);
          }
        },
        DeviceWeights.GEMM_FLOAT);
  }

  private int cell(OperationView operation) {
    return switch (gates) {
      case 4 -> octet.OCTET_CELL_LSTM;
      case 3 -> octet.OCTET_CELL_GRU;
      default -> operation.choice("nonlinearity", Nonlinearity.class).cell();
    };
  }

  private octet_recurrent_layers layers(CallContext context) {
    OperationView operation = context.operation();
    List<Packed> packed = ((Layers) context.constants()).directions();
    int bytes = Loader.sizeof(octet_recurrent_weights.class);
    long first = context.structs().zeroed(bytes * packed.size()).address();
    for (int i = 0; i < packed.size(); i++) {
      Packed blocks = packed.get(i);
      octet_recurrent_weights weights =
          new octet_recurrent_weights(new Address(first + (long) i * bytes));
      weights
          .input_weights(blocks.input().address())
          .input_weights_bytes(blocks.input().bytes())
          .hidden_weights(blocks.hidden().address())
          .hidden_weights_bytes(blocks.hidden().bytes())
          .input_bias(context.tensor("input_bias" + i))
          .hidden_bias(context.tensor("hidden_bias" + i));
      if (blocks.projection() != null) {
        weights
            .projection(blocks.projection().address())
            .projection_bytes(blocks.projection().bytes());
      }
    }
    octet_recurrent_layers layers =
        new octet_recurrent_layers(
            context.structs().zeroed(Loader.sizeof(octet_recurrent_layers.class)));
    return layers
        .cell(cell(operation))
        .layers(packed.size() / directions(operation))
        .directions(directions(operation))
        .weights(new octet_recurrent_weights(new Address(first)));
  }

  /** Returns x or out as [steps, batch, columns]. */
  private static DLTensor sequence(CallContext context, String role) {
    OperationView operation = context.operation();
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    long[] sizes = value.shape().sizes();
    if (sizes.length == 2) {
      return context.tensor(role, new long[] {sizes[0], 1, sizes[1]});
    }
    if (!operation.flag("batch_first")) {
      return context.tensor(role);
    }
    long[] shape = {sizes[1], sizes[0], sizes[2]};
    return context.tensor(role, shape, new long[] {sizes[2], sizes[1] * sizes[2], 1}, 0);
  }

  /** Returns states as [layers * directions, batch, columns]; null for none. */
  private static DLTensor states(CallContext context, String role) {
    OperationView operation = context.operation();
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    if (value == null || value.shape().rank() == 3) {
      return context.tensor(role);
    }
    long[] sizes = value.shape().sizes();
    return context.tensor(role, new long[] {sizes[0], 1, sizes[1]});
  }

  @Override
  public long workspaceBytes(CallContext context) {
    octet_recurrent_layers layers = layers(context);
    DLTensor x = sequence(context, "x");
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_recurrent_workspace_size(layers, x, bytes);
          }
        });
  }

  @Override
  public NativeCall prepare(CallContext context) {
    octet_recurrent_layers layers = layers(context);
    octet_recurrent_states states =
        new octet_recurrent_states(
            context.structs().zeroed(Loader.sizeof(octet_recurrent_states.class)));
    states.h_0(states(context, "h_0")).h_n(states(context, "h_n"));
    if (hasCells()) {
      states.c_0(states(context, "c_0")).c_n(states(context, "c_n"));
    }
    DLTensor x = sequence(context, "x");
    octet_grid grid = context.grid("x");
    DLTensor out = sequence(context, "out");
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    Pointer stream = context.stream();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_recurrent(
            layers, x, grid, states, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
