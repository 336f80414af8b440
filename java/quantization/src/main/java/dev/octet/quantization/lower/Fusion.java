// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.Grid;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts operations into the pass of the one before them, where the results stay the same bit for
 * bit.
 */
final class Fusion {
  private static final Set<String> PRODUCTS =
      Set.of("linear", "linear_float", "conv2d", "conv2d_float", "matmul");
  private static final Set<String> STORE_CODES =
      Set.of(
          "linear",
          "linear_float",
          "conv2d",
          "conv2d_float",
          "unary",
          "binary",
          "layer_norm",
          "rms_norm",
          "softmax",
          "embedding",
          "reduce",
          "avg_pool2d",
          "adaptive_avg_pool2d",
          "matmul",
          "attention",
          "concat");
  private static final Set<String> MOVES =
      Set.of("reshape", "transpose", "slice", "expand", "max_pool2d");
  private static final Set<String> ACTIVATIONS =
      Set.of(
          "relu",
          "relu6",
          "gelu_erf",
          "gelu_tanh",
          "silu",
          "sigmoid",
          "tanh",
          "hardswish",
          "hardsigmoid");
  private static final String AFTER = "after_activation";
  private static final String BEFORE = "before_activation";

  private final Draft draft;
  private Map<DraftValue, List<DraftOperation>> uses;
  private Map<DraftValue, DraftOperation> producers;

  private Fusion(Draft draft) {
    this.draft = draft;
  }

  /** Fuses what can be fused, and removes what nobody uses. */
  static void apply(Draft draft) {
    draft.removeDead();
    Fusion fusion = new Fusion(draft);
    while (fusion.step()) {
      draft.removeDead();
    }
  }

  private boolean step() {
    uses = draft.uses();
    producers = draft.producers();
    for (DraftOperation operation : List.copyOf(draft.operations())) {
      boolean changed =
          switch (operation.kind()) {
            case "quantize" -> quantization(operation);
            case "unary" -> activation(operation);
            case "binary" -> residual(operation) || multiplication(operation);
            case "layer_norm", "rms_norm" -> sumBefore(operation);
            case "dequantize" -> dequantization(operation);
            case "matmul" -> transposition(operation);
            case "attention" -> HeadLayouts.apply(draft, operation, uses, producers);
            default -> false;
          };
      if (changed) {
        return true;
      }
    }
    return false;
  }

  /** Returns the operation that makes a value which nothing else uses, else null. */
  private DraftOperation soleProducer(DraftValue value) {
    boolean alone = uses.get(value).size() == 1 && !draft.isOutput(value);
    return alone ? producers.get(value) : null;
  }

  /** Lets the operation before store codes. */
  private boolean quantization(DraftOperation quantize) {
    DraftValue x = quantize.input("x");
    DraftValue codes = quantize.out();
    if (codes.isOnGrid() && merged(quantize)) {
      return true;
    }
    DraftOperation producer = producers.get(x);
    boolean alone = uses.get(x).size() == 1 && !draft.isOutput(x);
    if (producer == null || !alone || !codes.isOnGrid()) {
      return false;
    }
    if (isMove(producer)) {
      return quantizeBeforeMove(producer, quantize);
    }
    if (producer.is("concat") && quantizedParts(producer, quantize)) {
      return true;
    }
    if (!STORE_CODES.contains(producer.kind())) {
      return false;
    }
    draft.operations().remove(quantize);
    producer.absorb(quantize);
    draft.replace(codes, x);
    x.become(codes.type(), codes.grid());
    producer.fuse("quantize");
    return true;
  }

  /** Lets what is put on the same grid twice be quantized once. */
  private boolean merged(DraftOperation quantize) {
    DraftValue codes = quantize.out();
    for (DraftOperation other : uses.get(quantize.input("x"))) {
      boolean later = draft.operations().indexOf(other) > draft.operations().indexOf(quantize);
      if (later && other.is("quantize") && other.out().isOnGrid() && sameGrid(codes, other.out())) {
        draft.operations().remove(other);
        quantize.absorb(other);
        draft.replace(other.out(), codes);
        return true;
      }
    }
    return false;
  }

  private boolean quantizedParts(DraftOperation concat, DraftOperation quantize) {
    return ConcatCodes.apply(
        draft,
        concat,
        quantize,
        uses,
        producers,
        part -> STORE_CODES.contains(part.kind()) || isMove(part));
  }

  /** Tells whether quantizing before or behind an operation gives the same codes. */
  private static boolean isMove(DraftOperation operation) {
    Object border = operation.attribute("value");
    boolean zeros = border == null || ((Number) border).doubleValue() == 0;
    return MOVES.contains(operation.kind()) || operation.is("pad") && zeros;
  }

  /** What is moved is quantized first, where its producer can do it in its own pass. */
  private boolean quantizeBeforeMove(DraftOperation move, DraftOperation quantize) {
    DraftValue moved = move.input("x");
    if (!moved.isFloat() || moved.isConstant()) {
      return false;
    }
    DraftValue codes = quantize.out();
    DraftOperation before = new DraftOperation("quantize", quantize.origin()).input("x", moved);
    before.absorb(quantize);
    before.out(
        DraftValue.of(
            draft.unique(moved.name() + "_codes"), codes.type(), codes.grid(), moved.sizes()));
    draft.operations().remove(quantize);
    draft.operations().add(draft.operations().indexOf(move), before);
    move.replaceInputs(value -> value == moved ? before.out() : value);
    draft.replace(codes, move.out());
    move.out().become(codes.type(), codes.grid());
    return true;
  }

  /** Lets a product apply the activation behind it. */
  private boolean activation(DraftOperation unary) {
    String function = (String) unary.attribute("function");
    DraftValue x = unary.input("x");
    DraftOperation producer = soleProducer(x);
    if (producer == null
        || !ACTIVATIONS.contains(function)
        || producer.attribute("activation") != null
        || producer.input("factor") != null) {
      return false;
    }
    boolean product = PRODUCTS.contains(producer.kind());
    boolean sum = producer.is("binary");
    if (!product && !sum) {
      return false;
    }
    // Behind a quantizer only what limits codes on their own grid gives the same in front of it.
    boolean onSameGrid = x.isOnGrid() && unary.out().isOnGrid() && sameGrid(x, unary.out());
    boolean limits = function.equals("relu") || function.equals("relu6");
    if (!x.isFloat() && !(onSameGrid && limits)) {
      return false;
    }
    producer.set("activation", function);
    if (producer.input("residual") != null) {
      producer.set("residual_place", BEFORE);
    }
    producer.absorb(unary);
    producer.fuse(function);
    takeOver(producer, unary);
    return true;
  }

  private static boolean sameGrid(DraftValue a, DraftValue b) {
    Grid grid = a.grid();
    return grid.equals(b.grid()) && a.type() == b.type();
  }

  /** Lets a product add what is added to its result. */
  private boolean residual(DraftOperation binary) {
    if (!"add".equals(binary.attribute("function"))) {
      return false;
    }
    return addTo(binary, "a", "b") || addTo(binary, "b", "a");
  }

  private boolean addTo(DraftOperation binary, String productRole, String residualRole) {
    DraftValue product = binary.input(productRole);
    DraftValue residual = binary.input(residualRole);
    DraftOperation producer = soleProducer(product);
    if (producer == null
        || !PRODUCTS.contains(producer.kind())
        || !product.isFloat()
        || producer.input("residual") != null
        || product == residual
        || residual.isConstant()
        || !residual.sizes().equals(product.sizes())) {
      return false;
    }
    Object activation = binary.attribute("activation");
    boolean before = activation != null;
    if (before && (producer.attribute("activation") != null || producer.input("factor") != null)) {
      return false;
    }
    producer.input("residual", residual).set("residual_place", before ? BEFORE : AFTER);
    if (before) {
      producer.set("activation", activation);
    }
    producer.fuse("add");
    producer.absorb(binary);
    // The residual may be made after the product: this then has to wait for it.
    draft.operations().remove(producer);
    draft.operations().add(draft.operations().indexOf(binary), producer);
    takeOver(producer, binary);
    return true;
  }

  /** Lets a product read a right operand whose last two dimensions have changed places. */
  private boolean transposition(DraftOperation matmul) {
    DraftOperation transpose = producers.get(matmul.input("b"));
    if (transpose == null || !transpose.is("transpose") || !swapsLast(transpose)) {
      return false;
    }
    DraftValue turned = matmul.input("b");
    boolean transposed = Boolean.TRUE.equals(matmul.attribute("transpose_b"));
    if (matmul.input("a") == turned) {
      return false;
    }
    matmul.replaceInputs(value -> value == turned ? transpose.input("x") : value);
    matmul.set("transpose_b", !transposed);
    return true;
  }

  private static boolean swapsLast(DraftOperation transpose) {
    long[] order = (long[]) transpose.attribute("order");
    int rank = order.length;
    for (int i = 0; i < rank; i++) {
      int from = i == rank - 1 ? i - 1 : i == rank - 2 ? i + 1 : i;
      if (order[i] != from) {
        return false;
      }
    }
    return rank >= 2;
  }

  /** Lets a product multiply its columns by constants. */
  private boolean multiplication(DraftOperation binary) {
    DraftOperation producer = soleProducer(binary.input("a"));
    if (producer == null || !ColumnFactors.take(producer, binary)) {
      return false;
    }
    takeOver(producer, binary);
    return true;
  }

  /** Lets a normalization add what it normalizes. */
  private boolean sumBefore(DraftOperation norm) {
    DraftValue x = norm.input("x");
    DraftOperation binary = soleProducer(x);
    if (binary == null
        || !binary.is("binary")
        || !"add".equals(binary.attribute("function"))
        || binary.attribute("activation") != null
        || !x.isFloat()
        || norm.input("residual") != null) {
      return false;
    }
    DraftValue a = binary.input("a");
    DraftValue b = binary.input("b");
    if (!a.sizes().equals(x.sizes()) || !b.sizes().equals(x.sizes())) {
      return false;
    }
    norm.replaceInputs(value -> value == x ? a : value);
    norm.input("residual", b);
    norm.fuse("add before");
    norm.absorb(binary);
    draft.operations().remove(binary);
    return true;
  }

  /** Lets users that can read codes do so. */
  private boolean dequantization(DraftOperation dequantize) {
    DraftValue codes = dequantize.input("x");
    DraftValue floats = dequantize.out();
    if (!codes.isOnGrid() || draft.isOutput(floats)) {
      return false;
    }
    boolean changed = false;
    for (DraftOperation user : uses.getOrDefault(floats, List.of())) {
      boolean added = user.input("bias") == floats || user.input("mask") == floats;
      if (STORE_CODES.contains(user.kind()) && !user.is("embedding") && !added) {
        user.replaceInputs(value -> value == floats ? codes : value);
        changed = true;
      }
    }
    return changed;
  }

  /** The producer makes what the removed operation has made. */
  private void takeOver(DraftOperation producer, DraftOperation removed) {
    draft.operations().remove(removed);
    DraftValue out = removed.out();
    producer.out(out);
  }
}
