// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stores images channels last, [N, H, W, C], between convolutions and pools and what lies between
 * them, where a model has them as [N, C, H, W]. The order changes at the borders only: where a
 * convolution or a pool is there it reads or writes the other order itself, a layer behind a
 * flattening gets its weights in another order, and elsewhere a transpose is put in.
 *
 * <p>To be called when operations have been fused. Results are the same bit for bit, save that
 * floats are summed in the order of the weights.
 */
final class ImageLayouts {
  /** [N, C, H, W] to [N, H, W, C]. */
  static final int[] CHANNELS_LAST = {0, 2, 3, 1};

  private static final int[] CHANNELS_FIRST = {0, 3, 1, 2};
  private static final int[] PLACES = {0, 3, 1, 2};
  private static final String LAST = "nhwc";

  private final Draft draft;
  private final Map<DraftOperation, Flattening> flattenings = new IdentityHashMap<>();
  private final ImageGroups groups;

  /** What is stored channels last in place of a value of the model. */
  private final Map<DraftValue, DraftValue> last = new IdentityHashMap<>();

  /** What is stored as the model has it, beside or in place of that. */
  private final Map<DraftValue, DraftValue> first = new IdentityHashMap<>();

  private final List<DraftOperation> written = new ArrayList<>();

  private ImageLayouts(Draft draft) {
    this.draft = draft;
    Map<DraftValue, List<DraftOperation>> uses = draft.uses();
    for (DraftOperation operation : draft.operations()) {
      Flattening flattening = Flattening.of(operation, draft, uses);
      if (flattening != null) {
        flattenings.put(operation, flattening);
      }
    }
    groups = ImageGroups.of(draft, Collections.unmodifiableSet(flattenings.keySet()));
  }

  /** Chooses the order of all images of a draft. */
  static void apply(Draft draft) {
    new ImageLayouts(draft).write();
  }

  private void write() {
    for (DraftValue input : draft.inputs()) {
      if (groups.isChannelsLast(input)) {
        Origin origin = new Origin(input.name(), "input", null, false);
        last.put(input, transpose(origin, input, CHANNELS_LAST));
      }
    }
    for (DraftOperation operation : List.copyOf(draft.operations())) {
      write(operation);
    }
    draft.operations().clear();
    draft.operations().addAll(written);
    draft.outputs().replaceAll((name, value) -> first.getOrDefault(value, value));
  }

  private void write(DraftOperation operation) {
    DraftValue out = operation.out();
    boolean port = ImageGroups.isPort(operation);
    boolean elementwise = !port && ImageGroups.isElementwise(operation);
    Flattening flattening = flattenings.get(operation);
    if (port) {
      port(operation);
    } else if (elementwise && groups.isChannelsLast(out)) {
      elementwise(operation);
    } else if (flattening != null && last.containsKey(operation.input("x"))) {
      flattening.takeChannelsLast(draft);
      operation.replaceInputs(value -> last.getOrDefault(value, value));
    } else {
      operation.replaceInputs(value -> first.getOrDefault(value, value));
    }
    written.add(operation);
    if (!groups.isChannelsLast(out)) {
      return;
    }
    if (!port && !elementwise) {
      last.put(out, transpose(operation.origin(), out, CHANNELS_LAST));
      return;
    }
    DraftValue stored = ordered(out.name(), out, CHANNELS_LAST);
    operation.out(stored);
    last.put(out, stored);
    if (groups.isTakenByOthers(out)) {
      first.put(out, transpose(operation.origin(), stored, CHANNELS_FIRST));
    }
  }

  private void port(DraftOperation operation) {
    DraftValue x = operation.input("x");
    if (last.containsKey(x)) {
      operation.set("x_layout", LAST).input("x", last.get(x));
    }
    if (groups.isChannelsLast(operation.out())) {
      operation.set("out_layout", LAST);
      DraftValue residual = operation.input("residual");
      operation.input("residual", residual == null ? null : last.get(residual));
    }
  }

  private void elementwise(DraftOperation operation) {
    operation.replaceInputs(
        value -> value.isConstant() ? constant(value) : last.getOrDefault(value, value));
    if (operation.is("concat")) {
      operation.set("axis", (long) PLACES[((Number) operation.attribute("axis")).intValue()]);
    }
  }

  /** Returns a constant that is spread over images, for images channels last. */
  private DraftValue constant(DraftValue constant) {
    int rank = constant.sizes().rank();
    if (rank == 0 || rank > 4) {
      return constant;
    }
    long[] shape = {1, 1, 1, 1};
    for (int i = 0; i < rank; i++) {
      shape[4 - rank + i] = constant.sizes().get(i).value();
    }
    long[] sizes = new long[4];
    for (int i = 0; i < 4; i++) {
      sizes[i] = shape[CHANNELS_LAST[i]];
    }
    Sizes ordered = Sizes.fixed(constant.sizes().runs(), sizes);
    return ConstantOrder.change(draft, constant, shape, CHANNELS_LAST, ordered);
  }

  private DraftValue transpose(Origin origin, DraftValue x, int[] order) {
    String suffix = order == CHANNELS_LAST ? "_nhwc" : "_nchw";
    DraftOperation operation = new DraftOperation("transpose", origin).input("x", x);
    operation.set("order", new long[] {order[0], order[1], order[2], order[3]});
    operation.reason("images are stored channels last between convolutions and pools");
    DraftValue out = ordered(draft.unique(x.name() + suffix), x, order);
    operation.out(out);
    written.add(operation);
    return out;
  }

  private static DraftValue ordered(String name, DraftValue value, int[] order) {
    Sizes sizes = value.sizes();
    Extent[] extents = new Extent[4];
    for (int i = 0; i < 4; i++) {
      extents[i] = sizes.get(order[i]);
    }
    return DraftValue.of(name, value.type(), value.grid(), sizes.replaced(0, 4, extents));
  }
}
