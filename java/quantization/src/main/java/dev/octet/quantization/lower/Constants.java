// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The constants of a draft, each made once. */
final class Constants {
  private final Draft draft;
  private final Map<ConstantTensor, DraftValue> tensors = new IdentityHashMap<>();
  private final Map<Float, DraftValue> numbers = new HashMap<>();
  private final Map<Long, DraftValue> wholes = new HashMap<>();
  private final Map<Object, DraftValue> parameters = new HashMap<>();

  Constants(Draft draft) {
    this.draft = draft;
  }

  DraftValue of(ConstantTensor constant, int runs) {
    return tensors.computeIfAbsent(constant, c -> plain(c.name(), c.tensor(), runs));
  }

  DraftValue number(float number, int runs) {
    return numbers.computeIfAbsent(
        number, n -> scalar(n, ElementType.F32, TensorBytes.of(n), runs));
  }

  /** Returns a whole number. */
  DraftValue whole(long number, int runs) {
    return wholes.computeIfAbsent(number, n -> scalar(n, ElementType.I64, TensorBytes.of(n), runs));
  }

  private DraftValue scalar(Number number, ElementType type, ByteBuffer bytes, int runs) {
    return DraftValue.constant(
        draft.unique("constant_" + number), type, null, Sizes.fixed(runs), bytes);
  }

  /** Returns a constant of plain numbers. */
  DraftValue plain(String name, Tensor tensor, int runs) {
    ElementType type = TensorBytes.type(tensor);
    if (type != null) {
      return constant(name, tensor, type, null, runs);
    }
    try (Tensor floats = tensor.to(ScalarType.Float)) {
      return constant(name, floats, ElementType.F32, null, runs);
    }
  }

  /** Returns a constant of codes. */
  DraftValue codes(String name, Tensor codes, ElementType type, Grid grid, int runs) {
    return constant(name, codes, type, grid, runs);
  }

  /**
   * Returns a constant that is made for the first of its users only.
   *
   * @param key of the module and the role
   */
  DraftValue shared(Object key, Supplier<DraftValue> maker) {
    DraftValue known = parameters.get(key);
    if (known == null) {
      known = maker.get();
      parameters.put(key, known);
    }
    return known;
  }

  private DraftValue constant(String name, Tensor tensor, ElementType type, Grid grid, int runs) {
    return DraftValue.constant(
        draft.unique(name),
        type,
        grid,
        Sizes.fixed(runs, Tensors.shape(tensor)),
        TensorBytes.of(tensor));
  }
}
