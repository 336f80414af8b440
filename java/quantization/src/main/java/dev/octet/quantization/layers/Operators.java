// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphConstants;
import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Input;
import dev.octet.quantization.layers.Term.Own;
import dev.octet.quantization.layers.Term.Unknown;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/** The operators that can be evaluated while the input is only a term. */
final class Operators {

  private static final String SIZE = "aten::size";
  private static final String COUNT = "aten::numel";
  private static final long LONGEST_LIST = 1000;

  private final RecordedLayer layer;
  private final Assumptions assumptions;
  private final Terms terms;

  Operators(RecordedLayer layer, Assumptions assumptions, Terms terms) {
    this.layer = layer;
    this.assumptions = assumptions;
    this.terms = terms;
  }

  static String withoutOverload(String operator) {
    int dot = operator.indexOf('.');
    return dot < 0 ? operator : operator.substring(0, dot);
  }

  /**
   * Evaluate an operator.
   *
   * @param uncertain whether it may not run, so that it must not change a list
   * @return null if the result is not known
   */
  Result evaluate(String target, List<Object> arguments, boolean uncertain) {
    Object first = arguments.isEmpty() ? null : arguments.get(0);
    return switch (withoutOverload(target)) {
      case "aten::warn" -> new Result(null);
      case "aten::dim", "prim::ndim" -> dimensions(first);
      case SIZE, "prim::shape" -> size(arguments);
      case "aten::is_floating_point" -> isFloatingPoint(first);
      case "aten::len" -> length(first);
      case "prim::NumToTensor", "prim::unchecked_unwrap_optional", "aten::_unwrap_optional" ->
          new Result(first);
      case "aten::Int", "aten::IntImplicit" ->
          isCount(first) ? new Result(first) : folded(target, arguments);
      case "aten::__is__" -> isNone(arguments, true);
      case "aten::__isnot__" -> isNone(arguments, false);
      case "aten::append" -> append(arguments, uncertain);
      case "aten::list" ->
          first instanceof List<?> items ? new Result(new ArrayList<>(items)) : null;
      case "aten::__getitem__" -> element(arguments);
      case "aten::eq" -> isEmpty(arguments) ? new Result(false) : folded(target, arguments);
      case "aten::add" -> joined(target, arguments);
      case "aten::mul" -> repeated(target, arguments);
      default -> folded(target, arguments);
    };
  }

  private static Result folded(String target, List<Object> arguments) {
    if (!isConstant(arguments)) {
      return null;
    }
    GraphConstants.Result folded = GraphConstants.evaluate(target, arguments);
    return folded == null ? null : new Result(folded.value());
  }

  private static boolean isConstant(Object value) {
    return value instanceof List<?> items
        ? items.stream().allMatch(Operators::isConstant)
        : !(value instanceof Term);
  }

  private long[] shape(Object value) {
    if (value instanceof Own own) {
      GraphAttribute attribute = layer.tensors().get(own.name());
      return attribute.tensor().shape();
    }
    return null;
  }

  private int rank(Object value) {
    long[] shape = shape(value);
    if (shape != null) {
      return shape.length;
    }
    return value instanceof Input input && input.index() == 0 ? assumptions.rank() : 0;
  }

  private Result dimensions(Object value) {
    int rank = rank(value);
    return rank == 0 ? null : new Result((long) rank);
  }

  private Result size(List<Object> arguments) {
    Object of = arguments.get(0);
    int rank = rank(of);
    if (arguments.size() == 1) {
      return rank == 0
          ? null
          : new Result(LongStream.range(0, rank).mapToObj(i -> size(of, i)).toList());
    }
    if (!(arguments.get(1) instanceof Long dimension) || rank == 0 && dimension < 0) {
      return null;
    }
    return new Result(size(of, dimension < 0 ? dimension + rank : dimension));
  }

  private Object size(Object of, long dimension) {
    long[] shape = shape(of);
    return shape == null || dimension < 0 || dimension >= shape.length
        ? terms.apply(SIZE, List.of(of, dimension))
        : (Object) shape[(int) dimension];
  }

  /** Tracing turns the sizes of tensors into tensors, and back. */
  private static boolean isCount(Object value) {
    return value instanceof Apply apply
        && (apply.operator.equals(SIZE) || apply.operator.equals(COUNT));
  }

  /** Arguments are taken for floats: programs of old versions divide integers in another way. */
  private Result isFloatingPoint(Object value) {
    if (value instanceof Own own) {
      return new Result(layer.tensors().get(own.name()).tensor().is_floating_point());
    }
    return value instanceof Input ? new Result(true) : null;
  }

  /** Whether an argument is asked whether it has no elements, a case that is not looked at. */
  private static boolean isEmpty(List<Object> arguments) {
    return arguments.get(0) instanceof Apply count
        && count.operator.equals(COUNT)
        && count.argument(0) instanceof Input
        && Long.valueOf(0).equals(arguments.get(1));
  }

  private static Result length(Object value) {
    return value instanceof List<?> items ? new Result((long) items.size()) : null;
  }

  private static Result isNone(List<Object> arguments, boolean expected) {
    Object first = arguments.get(0);
    Object second = arguments.get(1);
    if (first != null && second != null || first instanceof Unknown || second instanceof Unknown) {
      return null;
    }
    return new Result((first == second) == expected);
  }

  @SuppressWarnings("unchecked")
  private static Result append(List<Object> arguments, boolean uncertain) {
    if (uncertain || !(arguments.get(0) instanceof ArrayList<?> list)) {
      throw new Unrecognized("changes a list in a way that depends on the call");
    }
    ((List<Object>) list).add(arguments.get(1));
    return new Result(list);
  }

  private static Result element(List<Object> arguments) {
    if (!(arguments.get(0) instanceof List<?> items) || !(arguments.get(1) instanceof Long index)) {
      return null;
    }
    long position = index < 0 ? index + items.size() : index;
    return position < 0 || position >= items.size() ? null : new Result(items.get((int) position));
  }

  /** Lists are joined; numbers added. */
  private static Result joined(String target, List<Object> arguments) {
    if (!(arguments.get(0) instanceof List<?> a)
        || !(arguments.get(1) instanceof List<?> b)
        || a.size() + b.size() > LONGEST_LIST) {
      return folded(target, arguments);
    }
    List<Object> all = new ArrayList<>(a);
    all.addAll(b);
    return new Result(all);
  }

  /** A list several times; or a product. */
  private static Result repeated(String target, List<Object> arguments) {
    if (!(arguments.get(0) instanceof List<?> items)
        || !(arguments.get(1) instanceof Long count)
        || count > LONGEST_LIST
        || count * items.size() > LONGEST_LIST) {
      return folded(target, arguments);
    }
    List<Object> all = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      all.addAll(items);
    }
    return new Result(Collections.unmodifiableList(all));
  }

  /** A value, which may be null. */
  record Result(Object value) {}
}
