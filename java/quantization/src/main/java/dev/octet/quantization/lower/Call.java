// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A node that is being lowered: its arguments, what it made in the recorded runs, and the draft.
 */
final class Call {
  private final Draft draft;
  private final Constants constants;
  private final SizeValues sizeValues;
  private final Origin origin;
  private final String name;
  private final List<?> arguments;
  private final List<?> recorded;

  /**
   * Makes a call.
   *
   * @param name of the node
   * @param arguments values of the draft, {@link ConstantTensor}, {@link Extent}, plain constants,
   *     and lists of these
   * @param recorded what the node made in every run
   */
  Call(
      Draft draft,
      Constants constants,
      SizeValues sizeValues,
      Origin origin,
      String name,
      List<?> arguments,
      List<?> recorded) {
    this.draft = draft;
    this.constants = constants;
    this.sizeValues = sizeValues;
    this.origin = origin;
    this.name = name;
    this.arguments = arguments;
    this.recorded = recorded;
  }

  /** Returns a call with other arguments, of what comes from another place. */
  Call with(Origin otherOrigin, List<?> otherArguments) {
    return new Call(draft, constants, sizeValues, otherOrigin, name, otherArguments, recorded);
  }

  Draft draft() {
    return draft;
  }

  Constants constants() {
    return constants;
  }

  Origin origin() {
    return origin;
  }

  String name() {
    return name;
  }

  List<?> arguments() {
    return arguments;
  }

  int runs() {
    return recorded.size();
  }

  /** Returns an argument; null also where there are fewer. */
  Object argument(int index) {
    return index < arguments.size() ? arguments.get(index) : null;
  }

  boolean isNone(int index) {
    return argument(index) == null;
  }

  /** Returns a tensor, or a number, as a value of the draft. */
  DraftValue value(int index) {
    return value(argument(index));
  }

  DraftValue value(Object argument) {
    if (argument instanceof DraftValue value) {
      return value;
    }
    if (argument instanceof ConstantTensor constant) {
      return constants.of(constant, runs());
    }
    if (argument instanceof Double || argument instanceof Long || argument instanceof Boolean) {
      return constants.number(((Number) number(argument)).floatValue(), runs());
    }
    if (argument instanceof Extent extent) {
      return sizeValues.number(this, extent);
    }
    throw new UnsupportedOperator(
        "it takes " + argument + " where a tensor or a constant is expected");
  }

  /** Tells whether the node makes whole numbers. */
  boolean isWhole() {
    return type() == ElementType.I64 || type() == ElementType.S32;
  }

  /** Tells whether an argument is a whole number, or a tensor of them or of truth values. */
  boolean isWhole(int index) {
    Object argument = argument(index);
    if (argument instanceof DraftValue value) {
      return isWhole(value.type(), value.grid());
    }
    if (argument instanceof ConstantTensor constant) {
      return isWhole(TensorBytes.type(constant.tensor()), null);
    }
    return argument instanceof Long || argument instanceof Boolean || argument instanceof Extent;
  }

  private static boolean isWhole(ElementType type, Grid grid) {
    return grid == null
        && (type == ElementType.I64 || type == ElementType.S32 || type == ElementType.BOOL);
  }

  /** Returns a value of 64-bit whole numbers; those of 32 bits and truth values are converted. */
  DraftValue whole(Object argument) {
    if (argument instanceof Long || argument instanceof Boolean) {
      return constants.whole((Long) number(argument), runs());
    }
    DraftValue value = value(argument);
    if (!isWhole(value.type(), value.grid())) {
      throw new UnsupportedOperator(
          "'" + value.name() + "' is " + value.type() + "; expected whole numbers");
    }
    return value.type() == ElementType.I64
        ? value
        : step("cast", value, ElementType.I64, null, "whole");
  }

  /** Returns 0, 1 and so on, as many as a size. */
  DraftValue places(Extent size) {
    return sizeValues.places(this, size);
  }

  private static Object number(Object argument) {
    return argument instanceof Boolean flag ? (Object) (flag ? 1L : 0L) : argument;
  }

  /** Returns a value whose elements are 32-bit floats or codes that stand for real numbers. */
  DraftValue real(int index) {
    return real(argument(index));
  }

  DraftValue real(Object argument) {
    DraftValue value = value(argument);
    if (value.isOnGrid() || value.isFloat()) {
      return value;
    }
    if (value.grid() != null || value.type().isByteCode()) {
      throw new UnsupportedOperator("'" + value.name() + "' is " + value.type() + ", no floats");
    }
    return step("cast", value, ElementType.F32, null, "cast");
  }

  /** Returns a value of 32-bit floats. */
  DraftValue floats(Object argument) {
    DraftValue value = real(argument);
    return value.isOnGrid()
        ? step("dequantize", value, ElementType.F32, null, "dequantized")
        : value;
  }

  private DraftValue step(
      String kind, DraftValue x, ElementType type, Grid grid, String nameSuffix) {
    DraftOperation operation = operation(kind).input("x", x);
    return finish(operation, x.name() + "_" + nameSuffix, type, grid, x.sizes());
  }

  long integer(int index) {
    return integer(argument(index));
  }

  long integer(Object argument) {
    Object number = plain(argument);
    if (number instanceof Extent extent) {
      if (!extent.isFixed()) {
        throw new UnsupportedOperator(
            "a number that it takes follows from sizes and is " + extent + " in the runs");
      }
      return extent.value();
    }
    if (number instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    if (number instanceof Number whole) {
      return whole.longValue();
    }
    throw new UnsupportedOperator("it takes " + argument + " where a number is expected");
  }

  long integer(int index, long fallback) {
    return isNone(index) ? fallback : integer(index);
  }

  double number(int index) {
    Object number = plain(argument(index));
    if (number instanceof Number real) {
      return real.doubleValue();
    }
    return integer(index);
  }

  double number(int index, double fallback) {
    return isNone(index) ? fallback : number(index);
  }

  boolean flag(int index) {
    return integer(index, 0) != 0;
  }

  String text(int index) {
    return (String) argument(index);
  }

  /** Returns a number of every run. */
  Extent extent(Object argument) {
    Object number = plain(argument);
    if (number instanceof Extent extent) {
      return extent;
    }
    long[] all = new long[runs()];
    Arrays.fill(all, integer(argument));
    return Extent.of(all);
  }

  /** Returns a constant of one element as a number. */
  private static Object plain(Object argument) {
    return argument instanceof ConstantTensor constant && constant.tensor().numel() == 1
        ? TensorBytes.scalar(constant.tensor())
        : argument;
  }

  /** Tells whether an argument is a number that is known. */
  boolean isNumber(int index) {
    Object plain = plain(argument(index));
    return plain instanceof Number || plain instanceof Boolean;
  }

  List<?> list(int index) {
    if (argument(index) instanceof List<?> items) {
      return items;
    }
    throw new UnsupportedOperator(
        "it takes " + argument(index) + " where a list is expected that is known");
  }

  /** Returns a list of numbers; a single one counts as many. */
  long[] integers(int index, int count) {
    if (argument(index) instanceof List<?> items) {
      long[] numbers = items.stream().mapToLong(this::integer).toArray();
      return numbers.length == 1 && count > 1 ? repeated(numbers[0], count) : numbers;
    }
    return repeated(integer(index), count);
  }

  private static long[] repeated(long number, int count) {
    long[] numbers = new long[count];
    Arrays.fill(numbers, number);
    return numbers;
  }

  /** Returns a dimension with negative ones counted from the last. */
  static int dimension(long dimension, int rank) {
    return (int) (dimension < 0 ? dimension + rank : dimension);
  }

  /** Returns the sizes of the node's result. */
  Sizes sizes() {
    Sizes sizes = Trace.sizes(recorded);
    if (sizes == null) {
      throw new UnsupportedOperator("its result is no tensor that always has one rank");
    }
    return sizes;
  }

  /** Returns the sizes of an item of the node's result, which is a list. */
  Sizes sizes(int item) {
    List<Object> items = new ArrayList<>();
    recorded.forEach(run -> items.add(((List<?>) run).get(item)));
    return Trace.sizes(items);
  }

  /** Returns the type of the node's result; null if it has none that programs have. */
  ElementType type() {
    return recorded.get(0) instanceof Tensor tensor ? TensorBytes.type(tensor) : null;
  }

  List<?> recorded() {
    return recorded;
  }

  DraftOperation operation(String kind) {
    return new DraftOperation(kind, origin);
  }

  /** Asks an operation that was added for something more. */
  DraftValue further(DraftOperation operation, String role, ElementType type, Sizes sizes) {
    DraftValue value = DraftValue.of(draft.unique(name + "_" + role), type, null, sizes);
    operation.further(role, value);
    return value;
  }

  /** Adds an operation whose result is that of the node, in floats. */
  DraftValue finish(DraftOperation operation) {
    return finish(operation, ElementType.F32, null);
  }

  /** Adds an operation on 64-bit whole numbers, whose result is that of the node. */
  DraftValue finishWhole(DraftOperation operation) {
    DraftValue out =
        finish(
            operation,
            type() == ElementType.S32 ? name + "_whole" : name,
            ElementType.I64,
            null,
            sizes());
    return type() == ElementType.S32
        ? finish(operation("cast").input("x", out), ElementType.S32, null)
        : out;
  }

  /** Adds an operation whose result is that of the node. */
  DraftValue finish(DraftOperation operation, ElementType type, Grid grid) {
    return finish(operation, name, type, grid, sizes());
  }

  /** Adds an operation. */
  DraftValue finish(
      DraftOperation operation, String resultName, ElementType type, Grid grid, Sizes sizes) {
    DraftValue out = DraftValue.of(draft.unique(resultName), type, grid, sizes);
    operation.out(out);
    draft.operations().add(operation);
    return out;
  }
}
