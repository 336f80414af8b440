// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Short names for the operators that models use most; see {@link GraphBuilder}. */
public abstract class GraphFunctions {

  GraphFunctions() {}

  /**
   * Call an operator.
   *
   * @param operator the qualified name with overload, such as {@code aten::add.Tensor}
   * @param arguments the arguments in the order of the schema; those left out at the end take their
   *     defaults
   * @return the result
   * @throws IllegalArgumentException if there is no such operator, or the arguments do not fit it
   */
  public abstract GraphValue function(String operator, Object... arguments);

  /** Apply max(x, 0). */
  public final GraphValue relu(GraphValue x) {
    return function("aten::relu", x);
  }

  /** Apply the exact GELU, with the error function. */
  public final GraphValue gelu(GraphValue x) {
    return function("aten::gelu", x);
  }

  /** Apply the hyperbolic tangent. */
  public final GraphValue tanh(GraphValue x) {
    return function("aten::tanh", x);
  }

  /** Apply the logistic function. */
  public final GraphValue sigmoid(GraphValue x) {
    return function("aten::sigmoid", x);
  }

  /** Apply x * sigmoid(x). */
  public final GraphValue silu(GraphValue x) {
    return function("aten::silu", x);
  }

  /** Normalize exponentials along a dimension. */
  public final GraphValue softmax(GraphValue x, long dim) {
    return function("aten::softmax.int", x, dim);
  }

  /** Add two tensors. */
  public final GraphValue add(GraphValue x, GraphValue y) {
    return function("aten::add.Tensor", x, y);
  }

  /** Add a number. */
  public final GraphValue add(GraphValue x, double y) {
    return function("aten::add.Scalar", x, y);
  }

  /** Subtract a tensor. */
  public final GraphValue sub(GraphValue x, GraphValue y) {
    return function("aten::sub.Tensor", x, y);
  }

  /** Multiply two tensors. */
  public final GraphValue mul(GraphValue x, GraphValue y) {
    return function("aten::mul.Tensor", x, y);
  }

  /** Multiply by a number. */
  public final GraphValue mul(GraphValue x, double y) {
    return function("aten::mul.Scalar", x, y);
  }

  /** Divide by a tensor. */
  public final GraphValue div(GraphValue x, GraphValue y) {
    return function("aten::div.Tensor", x, y);
  }

  /** Divide by a number. */
  public final GraphValue div(GraphValue x, double y) {
    return function("aten::div.Scalar", x, y);
  }

  /** Compute x * a + b, rounded after each step. */
  public final GraphValue affine(GraphValue x, double a, double b) {
    return add(mul(x, a), b);
  }

  /** Multiply matrices. */
  public final GraphValue matmul(GraphValue x, GraphValue y) {
    return function("aten::matmul", x, y);
  }

  /** Exchange two dimensions. */
  public final GraphValue transpose(GraphValue x, long dim0, long dim1) {
    return function("aten::transpose.int", x, dim0, dim1);
  }

  /** Reorder the dimensions. */
  public final GraphValue permute(GraphValue x, long... dims) {
    return function("aten::permute", x, dims);
  }

  /**
   * Change the shape.
   *
   * @param x a tensor
   * @param shape the sizes: 0 for "as in x at this position", -1 for what remains
   * @return the reshaped tensor
   */
  public final GraphValue reshape(GraphValue x, long... shape) {
    List<Object> sizes = new ArrayList<>();
    for (int i = 0; i < shape.length; i++) {
      sizes.add(shape[i] == 0 ? size(x, i) : (Object) shape[i]);
    }
    return function("aten::reshape", x, sizes);
  }

  /** Join the dimensions from start_dim to the last. */
  public final GraphValue flatten(GraphValue x, long startDim) {
    return function("aten::flatten.using_ints", x, startDim);
  }

  /** Insert a dimension of size 1. */
  public final GraphValue unsqueeze(GraphValue x, long dim) {
    return function("aten::unsqueeze", x, dim);
  }

  /** Remove a dimension of size 1. */
  public final GraphValue squeeze(GraphValue x, long dim) {
    return function("aten::squeeze.dim", x, dim);
  }

  /** Take one index of a dimension, which disappears. */
  public final GraphValue select(GraphValue x, long dim, long index) {
    return function("aten::select.int", x, dim, index);
  }

  /** Take a range of a dimension. */
  public final GraphValue slice(GraphValue x, long dim, long start, long end) {
    return function("aten::slice.Tensor", x, dim, start, end);
  }

  /** Average over dimensions. */
  public final GraphValue mean(GraphValue x, List<? extends Number> dims, boolean keepDim) {
    return function("aten::mean.dim", x, dims, keepDim);
  }

  /** Sum over dimensions. */
  public final GraphValue sum(GraphValue x, List<? extends Number> dims, boolean keepDim) {
    return function("aten::sum.dim_IntList", x, dims, keepDim);
  }

  /** Join tensors along a dimension. */
  public final GraphValue cat(long dim, GraphValue... tensors) {
    return function("aten::cat", Arrays.asList(tensors), dim);
  }

  /** Read the size of a dimension, a number. */
  public final GraphValue size(GraphValue x, long dim) {
    return function("aten::size.int", x, dim);
  }

  /**
   * Make the positions along a dimension.
   *
   * @param x a tensor
   * @param dim one of its dimensions, of size n
   * @return 0..n-1 as 64-bit integers
   */
  public final GraphValue positions(GraphValue x, long dim) {
    return function("aten::arange", size(x, dim));
  }
}
