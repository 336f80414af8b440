// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Images that are stored alike because the operations between them go through them element by
 * element, and for each group whether its channels come last.
 *
 * <p>Convolutions and pools ("ports") read and write either order, channels last much faster; other
 * operations take the order of the model, [N, C, H, W]. A group is stored channels last if more
 * ports are at it than values that others make or take, each of which costs a change of order.
 */
final class ImageGroups {
  private final Map<DraftValue, DraftValue> parents = new IdentityHashMap<>();
  private final Map<DraftValue, Integer> ports = new IdentityHashMap<>();
  private final Map<DraftValue, Integer> borders = new IdentityHashMap<>();
  private final Set<DraftValue> takenByOthers = identitySet();

  private ImageGroups() {}

  private static <T> Set<T> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }

  /**
   * Finds the groups of a draft.
   *
   * @param flattenings the operations that can join the dimensions of either order
   */
  static ImageGroups of(Draft draft, Set<DraftOperation> flattenings) {
    ImageGroups groups = new ImageGroups();
    draft.operations().forEach(groups::join);
    draft.inputs().forEach(input -> groups.count(input, groups.borders));
    for (DraftOperation operation : draft.operations()) {
      if (!flattenings.contains(operation)) {
        groups.count(operation);
      }
    }
    draft.outputs().values().forEach(groups::takenByOther);
    return groups;
  }

  /** Tells whether an operation reads and writes images in the order that it is told. */
  static boolean isPort(DraftOperation operation) {
    return operation.attribute("x_layout") != null;
  }

  /** Tells whether an operation does the same to every element of images, in any order. */
  static boolean isElementwise(DraftOperation operation) {
    return switch (operation.kind()) {
      case "quantize", "dequantize", "requantize", "unary", "binary", "look_up", "cast", "concat" ->
          isImage(operation.out())
              && operation.inputs().values().stream()
                  .allMatch(value -> value.isConstant() || isImage(value) || isSingle(value));
      default -> false;
    };
  }

  static boolean isImage(DraftValue value) {
    return value.sizes().rank() == 4;
  }

  private static boolean isSingle(DraftValue value) {
    for (int i = 0; i < value.sizes().rank(); i++) {
      if (!value.sizes().get(i).is(1)) {
        return false;
      }
    }
    return true;
  }

  private DraftValue root(DraftValue value) {
    DraftValue at = value;
    for (DraftValue parent = parents.get(at); parent != null; parent = parents.get(at)) {
      at = parent;
    }
    return at;
  }

  private void join(DraftValue a, DraftValue b) {
    DraftValue first = root(a);
    DraftValue second = root(b);
    if (first != second) {
      parents.put(second, first);
    }
  }

  private void join(DraftOperation operation) {
    if (isPort(operation)) {
      DraftValue residual = operation.input("residual");
      if (residual != null) {
        join(operation.out(), residual);
      }
    } else if (isElementwise(operation)) {
      for (DraftValue value : operation.inputs().values()) {
        if (!value.isConstant() && isImage(value)) {
          join(operation.out(), value);
        }
      }
    }
  }

  private void count(DraftValue value, Map<DraftValue, Integer> counts) {
    if (isImage(value)) {
      counts.merge(root(value), 1, Integer::sum);
    }
  }

  private void takenByOther(DraftValue value) {
    if (isImage(value) && !value.isConstant() && takenByOthers.add(value)) {
      count(value, borders);
    }
  }

  private void count(DraftOperation operation) {
    if (isPort(operation)) {
      count(operation.input("x"), ports);
      count(operation.out(), ports);
    } else if (!isElementwise(operation)) {
      operation.inputs().values().forEach(this::takenByOther);
      count(operation.out(), borders);
    }
  }

  /** Tells whether a value is to be stored channels last. */
  boolean isChannelsLast(DraftValue value) {
    if (!isImage(value) || value.isConstant()) {
      return false;
    }
    DraftValue root = root(value);
    return ports.getOrDefault(root, 0) > borders.getOrDefault(root, 0);
  }

  /** Tells whether something takes a value in the order of the model only. */
  boolean isTakenByOthers(DraftValue value) {
    return takenByOthers.contains(value);
  }
}
