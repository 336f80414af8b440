// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Objects;

/**
 * One recorded call of a module, or none.
 *
 * @param layer the module
 * @param call the call; null if it is never called
 * @param terms where its terms are made
 */
record Recording(RecordedLayer layer, GraphMethod call, Terms terms) {

  boolean isCalled() {
    return call != null;
  }

  /** What the call computes. */
  Meaning meaning(Assumptions assumptions) {
    if (!isCalled()) {
      throw new Unrecognized("is never called, so that its arguments are not recorded");
    }
    return Evaluation.of(layer, call, assumptions, terms);
  }

  /** What a call returns that does nothing else, and the same in both modes. */
  Object value(int inputs) {
    return value(inputs, 0);
  }

  /** The same, for an argument of so many dimensions. */
  Object value(int inputs, int rank) {
    Meaning training = meaning(new Assumptions(inputs, rank, true));
    Meaning evaluating = meaning(new Assumptions(inputs, rank, false));
    requireNone(training.effects());
    requireNone(evaluating.effects());
    if (!Objects.equals(training.output(), evaluating.output())) {
      throw new Unrecognized("does different things in training and evaluation");
    }
    return training.output();
  }

  static void requireNone(List<Apply> effects) {
    if (!effects.isEmpty()) {
      throw new Unrecognized("also does " + effects.get(0));
    }
  }

  boolean has(String tensor) {
    return layer.tensors().containsKey(tensor);
  }

  /** The shape of one of its tensors. */
  List<Long> shape(String tensor) {
    GraphAttribute attribute = layer.tensors().get(tensor);
    if (attribute == null) {
      throw new Unrecognized("has no " + tensor);
    }
    return Shapes.of(attribute.tensor());
  }

  /** The shape of one of its tensors, which has so many dimensions. */
  List<Long> shape(String tensor, int rank) {
    List<Long> shape = shape(tensor);
    if (shape.size() != rank) {
      throw new Unrecognized("has a " + tensor + " of shape " + shape);
    }
    return shape;
  }

  void requireShape(String tensor, Long... expected) {
    if (!shape(tensor).equals(List.of(expected))) {
      throw new Unrecognized(
          "has a "
              + tensor
              + " of shape "
              + shape(tensor)
              + " where "
              + List.of(expected)
              + " was expected");
    }
  }
}
