// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.match.ValuePatterns.bool;
import static dev.octet.quantization.transform.match.ValuePatterns.function;
import static dev.octet.quantization.transform.match.ValuePatterns.number;
import static dev.octet.quantization.transform.match.ValuePatterns.oneOf;

import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.FunctionPattern;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.ValuePattern;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** What the patterns of normalizations over the last dimensions have in common. */
final class NormParts {

  static final String X = "x";
  static final String EPS = "eps";
  static final String WEIGHT = "weight";

  /** The number of dimensions that are normalized over. */
  private static final String COUNT = "count";

  /** A dimension, or a list of them, that are the last ones of {@link #X}. */
  static final ValuePattern LAST_DIMS = NormParts::lastDims;

  private NormParts() {}

  /** The mean of something over the last dimensions, which are kept with size 1. */
  static ValuePattern mean(ValuePattern of) {
    FunctionPattern mean = function("aten::mean", of).with("dim", LAST_DIMS);
    return oneOf(
        mean.with("keepdim", bool(true)),
        function("aten::unsqueeze", mean.with("keepdim", bool(false)), number(-1)));
  }

  private static boolean lastDims(Object dims, Match match) {
    List<?> all = dims instanceof List<?> list ? list : dims == null ? List.of() : List.of(dims);
    Integer rank = match.method().rank(match.bound(X));
    List<Long> negative = new ArrayList<>();
    for (Object each : all) {
      if (!(each instanceof Long dim) || dim >= 0 && rank == null) {
        return false;
      }
      negative.add(dim < 0 ? dim : dim - rank);
    }
    negative.sort(null);
    for (int i = 0; i < negative.size(); i++) {
      if (negative.get(i) != i - negative.size()) {
        return false;
      }
    }
    return !negative.isEmpty() && match.bind(COUNT, negative.size());
  }

  /** A weight or bias with a size for each of the dimensions, bound to the name. */
  static ValuePattern perElement(String name) {
    return (argument, match) -> {
      List<Long> shape = match.method().attribute(argument, NormParts::shape);
      Object count = match.bound(COUNT);
      // A size of 1 would be broadcast, which the operators refuse.
      return shape != null
          && (count == null || shape.size() == (Integer) count)
          && shape.stream().allMatch(size -> size > 1)
          && match.bind(name, argument);
    };
  }

  private static List<Long> shape(Tensor tensor) {
    List<Long> shape = new ArrayList<>();
    for (long i = 0; i < tensor.dim(); i++) {
      shape.add(tensor.size(i));
    }
    return shape;
  }

  /** The sizes of the dimensions: the weight's, or read from the input at run time. */
  static List<Object> normalizedShape(Match match) {
    Object weight = match.bound(WEIGHT);
    if (weight != null) {
      return List.copyOf(match.method().attribute(weight, NormParts::shape));
    }
    List<Object> shape = new ArrayList<>();
    for (int i = (Integer) match.bound(COUNT); i > 0; i--) {
      shape.add(match.insert("aten::size.int", match.bound(X), (long) -i));
    }
    return shape;
  }

  /** Whether a list of sizes, constants or values, can be the shape of an attribute. */
  static boolean fits(List<?> sizes, Object attribute, Match match) {
    List<Long> shape = match.method().attribute(attribute, NormParts::shape);
    if (shape == null || shape.size() != sizes.size()) {
      return false;
    }
    for (int i = 0; i < shape.size(); i++) {
      Object size = sizes.get(i);
      boolean fits = size instanceof GraphValue ? shape.get(i) > 1 : shape.get(i).equals(size);
      if (!fits) {
        return false;
      }
    }
    return true;
  }

  static List<Object> shapeOf(Object attribute, Match match) {
    return List.copyOf(match.method().attribute(attribute, NormParts::shape));
  }
}
