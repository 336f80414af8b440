// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.List;

/** The order of the dimensions of images in memory. */
public enum ImageLayout {
  /** Channels last. */
  NHWC(0, 1, 2, 3),
  /** Channels first, as PyTorch has them by default. */
  NCHW(0, 2, 3, 1);

  /** Where N, H, W and C stand. */
  private final int[] places;

  ImageLayout(int... places) {
    this.places = places;
  }

  /** Returns the sizes as [N, H, W, C]. */
  Shape toNhwc(Shape stored) {
    return Shape.of(
        List.of(
            stored.get(places[0]),
            stored.get(places[1]),
            stored.get(places[2]),
            stored.get(places[3])));
  }

  /** Returns sizes [N, H, W, C] in this order. */
  Shape fromNhwc(Shape images) {
    return this == NHWC
        ? images
        : Shape.of(List.of(images.get(0), images.get(3), images.get(1), images.get(2)));
  }

  /** Returns the images in a role, stored in this order, as a tensor [N, H, W, C]. */
  DLTensor images(CallContext context, String role) {
    OperationView operation = context.operation();
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    long[] strides = nhwcStrides(Moves.strides(value.shape().sizes()));
    return context.tensor(role, toNhwc(value.shape()).sizes(), strides, 0);
  }

  /** Returns the steps of N, H, W and C. */
  private long[] nhwcStrides(long[] stored) {
    return new long[] {stored[places[0]], stored[places[1]], stored[places[2]], stored[places[3]]};
  }
}
