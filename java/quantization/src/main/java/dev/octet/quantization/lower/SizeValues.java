// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Values made of sizes that change from run to run: the places along a dimension, and the size
 * itself as a number. They are cut from constants for the greatest sizes.
 */
final class SizeValues {
  private final ExampleInputs inputs;
  private final LoweringOptions options;
  private final Map<Extent, DraftValue> places = new LinkedHashMap<>();
  private final Map<Extent, DraftValue> numbers = new LinkedHashMap<>();

  SizeValues(ExampleInputs inputs, LoweringOptions options) {
    this.inputs = inputs;
    this.options = options;
  }

  /** Returns 0, 1 and so on, as many as a size: i64 [size]. */
  DraftValue places(Call call, Extent size) {
    DraftValue known = places.get(size);
    if (!isThere(call, known)) {
      known = cut(call, size, "places");
      places.put(size, known);
    }
    return known;
  }

  /** Returns a size as a number: i64 []. */
  DraftValue number(Call call, Extent size) {
    if (size.isFixed()) {
      return call.constants().whole(size.value(), call.runs());
    }
    DraftValue known = numbers.get(size);
    if (!isThere(call, known)) {
      DraftOperation count =
          call.operation("reduce")
              .input("x", cut(call, size, "ones"))
              .set("reduction", "sum")
              .set("dims", new long[] {0});
      known =
          call.finish(
              count, call.name() + "_size", ElementType.I64, null, Sizes.fixed(call.runs()));
      numbers.put(size, known);
    }
    return known;
  }

  /** Tells whether a value was made; what a rule made that was given up is gone. */
  private static boolean isThere(Call call, DraftValue value) {
    return value != null && (value.isConstant() || call.draft().values().contains(value));
  }

  /** Takes as many elements of a constant as a dimension of another value has. */
  private DraftValue cut(Call call, Extent size, String what) {
    String name = call.name() + "_" + what;
    DraftOperation slice = size.isFixed() ? null : ShapeRules.followSize(call, size);
    long most = size.isFixed() ? size.value() : greatest(call, size);
    try (Tensor whole = what.equals("ones") ? ones(most) : places(most)) {
      DraftValue constant = call.constants().plain(name + ".greatest", whole, call.runs());
      if (slice == null) {
        return constant;
      }
      Sizes sizes = constant.sizes().replaced(0, 1, size);
      return ShapeRules.moved(
          call, slice.input("x", constant).set("axis", 0L), constant, name, sizes);
    }
  }

  private static Tensor places(long count) {
    try (Scalar end = new Scalar(count);
        Tensor made = torch.arange(end)) {
      return made.to(ScalarType.Long);
    }
  }

  private static Tensor ones(long count) {
    try (Tensor made = torch.ones(count)) {
      return made.to(ScalarType.Long);
    }
  }

  /** What follows from several sizes, such as their sum, is taken to be no more than that. */
  private long greatest(Call call, Extent size) {
    long sum = 0;
    for (String symbol : options.exampleSizes().keySet()) {
      if (inputs.extent(symbol).equals(size)) {
        return noted(call, options.maximum(symbol), "'" + symbol + "'");
      }
      sum += options.maximum(symbol);
    }
    return noted(call, sum, "a size that follows from those of inputs, " + size);
  }

  private long noted(Call call, long most, String what) {
    call.draft()
        .note(
            "node '"
                + call.name()
                + "' is made for at most "
                + most
                + " of "
                + what
                + "; LoweringOptions.maximum sets other limits");
    return most;
  }
}
