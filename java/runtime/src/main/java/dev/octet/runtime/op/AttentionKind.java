// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_attention_inputs;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * {@code attention}: softmax(scale * q * k^T + bias, of the keys that mask, lengths and causality
 * let take part) * v, head by head, in integers.
 *
 * <p>q is [batch, heads, queries, dim], k [batch, kv_heads, keys, dim], v [batch, kv_heads, keys,
 * v_dim], the output [batch, heads, queries, v_dim]; with {@code layout} {@code bthd} heads and
 * tokens change places in all of them. bias and mask are broadcast to [batch, heads, queries,
 * keys].
 *
 * <p>Codes lie on their grids. Real numbers are quantized on the grids that {@code q_scale}, {@code
 * k_scale} and {@code v_scale} say with their zero points and limits, or on ones taken from their
 * values. Probabilities meet v on the grid that {@code p_scale} says, or on 0..255 with the scale 1
 * / 255.
 */
final class AttentionKind extends OperationKind {
  AttentionKind() {
    super(roles());
  }

  private static Signature roles() {
    Signature.Builder signature = Signature.of("attention", 1);
    for (String operand : List.of("q", "k", "v")) {
      signature.input(operand, Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR);
      GivenGrid.add(signature, operand);
    }
    GivenGrid.add(signature, "p");
    return SoftmaxTerms.add(signature)
        .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
        .attribute(AttributeSpec.choice("layout", HeadLayout.class, HeadLayout.BHTD))
        .attribute(AttributeSpec.real("eps", 1e-8, Float.MIN_NORMAL, Float.MAX_VALUE))
        .build();
  }

  private static HeadLayout layout(OperationView operation) {
    return operation.choice("layout", HeadLayout.class);
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    for (String operand : List.of("q", "k", "v")) {
      operation.requireRank(operand, 4, 4);
      if (operation.input(operand).type().isByteCode() && GivenGrid.isGiven(operation, operand)) {
        throw operation.error(
            "takes codes as '"
                + operand
                + "' and has an attribute '"
                + operand
                + "_scale' too; expected one");
      }
      GivenGrid.check(operation, operand);
    }
    GivenGrid.check(operation, "p");
    HeadLayout layout = layout(operation);
    Shape q = layout.swap(operation.shape("q"));
    Shape k = layout.swap(operation.shape("k"));
    Shape v = layout.swap(operation.shape("v"));
    operation.requireSize("the batch of input 'k'", k.get(0), q.get(0));
    operation.requireSize("the batch of input 'v'", v.get(0), q.get(0));
    operation.requireSize("the number of heads of input 'v'", v.get(1), k.get(1));
    operation.requireSize("the number of keys of input 'v'", v.get(2), k.get(2));
    operation.requireSize("the last size of input 'k'", k.get(3), q.get(3));
    requireDivisor(operation, q.get(1), k.get(1));
    Shape rows = q.slice(0, 3);
    SoftmaxTerms.check(operation, rows.followedBy(k.slice(2, 3)));
    return Map.of("out", layout.swap(rows.followedBy(v.slice(3, 4))));
  }

  private static void requireDivisor(OperationView operation, Dimension heads, Dimension keyHeads) {
    boolean fits =
        !heads.isFixed()
            || !keyHeads.isFixed()
            || (keyHeads.is(0) ? heads.is(0) : heads.value() % keyHeads.value() == 0);
    if (!fits) {
      throw operation.error(
          "has "
              + heads
              + " heads of queries and "
              + keyHeads
              + " of keys; expected a divisor of the former");
    }
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  private static DLTensor heads(CallContext context, String role) {
    OperationView operation = context.operation();
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    HeadLayout layout = layout(operation);
    long[] stored = value.shape().sizes();
    return context.tensor(
        role, layout.swap(value.shape()).sizes(), layout.strides(Moves.strides(stored)), 0);
  }

  private static octet_attention_inputs inputs(CallContext context) {
    octet_attention_inputs inputs =
        new octet_attention_inputs(
            context.structs().zeroed(Loader.sizeof(octet_attention_inputs.class)));
    return inputs
        .q(heads(context, "q"))
        .q_grid(GivenGrid.prepare(context, "q"))
        .k(heads(context, "k"))
        .k_grid(GivenGrid.prepare(context, "k"))
        .v(heads(context, "v"))
        .v_grid(GivenGrid.prepare(context, "v"))
        .eps(context.operation().real("eps"))
        .terms(SoftmaxTerms.prepare(context))
        .p_grid(GivenGrid.prepare(context, "p"));
  }

  @Override
  public long workspaceBytes(CallContext context) {
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(octet.octet_attention_workspace_size(inputs(context), bytes));
      return bytes.get();
    }
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    octet_attention_inputs inputs = inputs(context);
    DLTensor out = heads(context, "out");
    octet_grid outGrid = context.grid("out");
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_attention(inputs, out, outGrid, workspace, workspaceBytes, stream);
      }
    };
  }
}
