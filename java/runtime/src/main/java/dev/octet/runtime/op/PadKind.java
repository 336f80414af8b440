// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code pad}: x with more elements before and after it, as many as {@code before} and {@code
 * after} say for each dimension. Elements stay as they are; {@code value} is what a constant border
 * stands for, and must be on the grid of codes.
 */
final class PadKind extends OperationKind {
  private static final long LARGEST = Integer.MAX_VALUE;

  PadKind() {
    super(
        Signature.of("pad", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.list("before", null, 0, LARGEST))
            .attribute(AttributeSpec.list("after", null, 0, LARGEST))
            .attribute(AttributeSpec.choice("mode", PaddingMode.class, PaddingMode.CONSTANT))
            .attribute(AttributeSpec.real("value", 0.0, -Float.MAX_VALUE, Float.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    Shape x = operation.shape("x");
    long[] before = operation.numbers("before", x.rank());
    long[] after = operation.numbers("after", x.rank());
    PaddingMode mode = operation.choice("mode", PaddingMode.class);
    List<Dimension> sizes = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      Dimension size = x.get(i);
      requireEnough(operation, mode, size, Math.max(before[i], after[i]));
      sizes.add(size.plus(Dimension.of(before[i] + after[i])));
    }
    if (mode == PaddingMode.CONSTANT) {
      stored(operation);
    }
    return Map.of("out", Shape.of(sizes));
  }

  private static void requireEnough(
      OperationView operation, PaddingMode mode, Dimension size, long border) {
    long needed =
        switch (mode) {
          case CONSTANT -> 0;
          case REFLECT -> border + 1;
          case REPLICATE -> 1;
          case CIRCULAR -> border;
        };
    if (border > 0 && size.isFixed() && size.value() < needed) {
      throw operation.error(
          "pads a dimension of "
              + size
              + " elements by "
              + border
              + "; expected at least "
              + needed
              + " elements");
    }
  }

  /** Returns the element of a constant border, as its type stores it in the lowest bytes. */
  private static long stored(OperationView operation) {
    float value = operation.real("value");
    Value x = operation.input("x");
    Grid grid = x.grid();
    if (grid != null) {
      int code = (int) Math.rint(value / grid.scale(0)) + grid.zeroPoint(0);
      boolean onGrid =
          code >= grid.intMin()
              && code <= grid.intMax()
              && grid.scale(0) * (code - grid.zeroPoint(0)) == value;
      if (!onGrid) {
        throw operation.error("attribute 'value' is " + value + "; expected a value of " + grid);
      }
      return code;
    }
    if (x.type() == ElementType.F32) {
      return Float.floatToRawIntBits(value);
    }
    boolean zeroOnly = x.type().isFloat() || x.type() == ElementType.BOOL;
    if (value != 0 && zeroOnly || value != (long) value) {
      throw operation.error("attribute 'value' is " + value + "; expected 0 for " + x.type());
    }
    return (long) value;
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    List<DLTensor> from = new ArrayList<>();
    List<DLTensor> to = new ArrayList<>();
    new Borders(context).collect(from, to);
    DLTensor[] sources = from.toArray(DLTensor[]::new);
    DLTensor[] targets = to.toArray(DLTensor[]::new);
    return new NativeCall() {
      @Override
      public int run() {
        int status = octet.OCTET_OK;
        for (int i = 0; i < sources.length && status == octet.OCTET_OK; i++) {
          status = octet.octet_copy(sources[i], targets[i], stream);
        }
        return status;
      }
    };
  }

  /** The copies that fill the output: x, then the borders, each of what is there by then. */
  private static final class Borders {
    private final CallContext context;
    private final PaddingMode mode;
    private final long[] sizes;
    private final long[] outSizes;
    private final long[] strides;
    private final long[] before;

    Borders(CallContext context) {
      this.context = context;
      OperationView operation = context.operation();
      mode = operation.choice("mode", PaddingMode.class);
      sizes = operation.shape("x").sizes();
      outSizes = operation.output("out").shape().sizes();
      strides = Moves.strides(outSizes);
      before = operation.list("before");
    }

    void collect(List<DLTensor> from, List<DLTensor> to) {
      if (Arrays.stream(sizes).allMatch(size -> size > 0)) {
        from.add(context.tensor("x", sizes));
        to.add(region(sizes, strides, before));
      }
      for (int d = 0; d < sizes.length; d++) {
        long end = before[d] + sizes[d];
        border(d, 0, before[d], from, to);
        border(d, end, outSizes[d] - end, from, to);
      }
    }

    private void border(int d, long first, long count, List<DLTensor> from, List<DLTensor> to) {
      // Borders of the dimensions before this one are there and belong to what is copied.
      long[] shape = outSizes.clone();
      long[] start = new long[shape.length];
      for (int i = d + 1; i < shape.length; i++) {
        shape[i] = sizes[i];
        start[i] = before[i];
      }
      shape[d] = count;
      if (Arrays.stream(shape).anyMatch(size -> size == 0)) {
        return;
      }
      start[d] = first;
      to.add(region(shape, strides, start));
      if (mode == PaddingMode.CONSTANT) {
        ElementType type = context.operation().input("x").type();
        from.add(context.repeated(type, shape, stored(context.operation())));
        return;
      }
      long last = before[d] + sizes[d] - 1;
      boolean ahead = first == 0;
      long[] steps = strides.clone();
      switch (mode) {
        case REFLECT -> {
          steps[d] = -steps[d];
          start[d] = ahead ? 2 * before[d] : last - 1;
        }
        case REPLICATE -> {
          steps[d] = 0;
          start[d] = ahead ? before[d] : last;
        }
        default -> start[d] = ahead ? sizes[d] : before[d];
      }
      from.add(region(shape, steps, start));
    }

    private DLTensor region(long[] shape, long[] steps, long[] start) {
      long offset = 0;
      for (int i = 0; i < start.length; i++) {
        offset += start[i] * strides[i];
      }
      return context.tensor("out", shape, steps, offset);
    }
  }
}
