// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.isCall;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.own;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Item;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingBagMode;
import org.bytedeco.pytorch.EmbeddingBagOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.EmbeddingOptions;
import org.bytedeco.pytorch.kMax;
import org.bytedeco.pytorch.kMean;
import org.bytedeco.pytorch.kSum;

/** Embedding, and EmbeddingBag of bags of one length. */
final class SparseLayers {

  private static final String WEIGHT = "weight";
  private static final long NO_PADDING = -1;
  private static final double DEFAULT_NORM_TYPE = 2;

  private SparseLayers() {}

  static void register(Map<String, Family> families) {
    families.put("sparse.Embedding", SparseLayers::embedding);
    families.put("sparse.EmbeddingBag", SparseLayers::embeddingBag);
  }

  private static Blueprint embedding(Recording recording) {
    Meaning meaning = modeless(recording, 0);
    Norm norm = Norm.of(meaning);
    Apply lookup = call(meaning.output(), "aten::embedding");
    own(lookup.argument(0), WEIGHT);
    input(contiguous(lookup.argument(1)), 0);
    List<Long> shape = recording.shape(WEIGHT, 2);
    long padding = number(lookup.argument(2), "padding index");
    boolean byFrequency = flag(lookup.argument(3), "scale_grad_by_freq");
    boolean sparse = flag(lookup.argument(4), "sparse");
    return Blueprint.of(
            List.of(shape, norm, padding, byFrequency, sparse),
            () -> {
              try (EmbeddingOptions options = new EmbeddingOptions(1, 1)) {
                EmbeddingImpl made = new EmbeddingImpl(options);
                EmbeddingOptions all = made.options();
                all.num_embeddings().put(shape.get(0));
                all.embedding_dim().put(shape.get(1));
                if (padding != NO_PADDING) {
                  all.padding_idx().put(padding);
                }
                if (norm.max() != null) {
                  all.max_norm().put(norm.max());
                }
                all.norm_type().put(norm.type());
                all.scale_grad_by_freq().put(byFrequency);
                all.sparse().put(sparse);
                return made;
              }
            })
        .withParameter(WEIGHT, true);
  }

  /** The bags are rows of a matrix; with offsets, the presets' module cannot be called. */
  private static Blueprint embeddingBag(Recording recording) {
    Meaning meaning = modeless(recording, 2);
    Norm norm = Norm.of(meaning);
    if (!(meaning.output() instanceof Item first) || first.index() != 0) {
      throw new Unrecognized("computes " + meaning.output() + " where a bag was expected");
    }
    Apply bag = call(first.of(), "aten::embedding_bag");
    own(bag.argument(0), WEIGHT);
    Apply flat = call(bag.argument(1), "aten::reshape", "aten::view");
    input(flat.argument(0), 0);
    equal(flat.argument(1), List.of(-1L), "shape of all bags");
    Apply offsets = call(bag.argument(2), "aten::arange");
    equal(offsets.argument(0), 0L, "first offset");
    input(call(offsets.argument(1), "aten::numel").argument(0), 0);
    Apply length = call(offsets.argument(2), "aten::size");
    input(length.argument(0), 0);
    equal(length.argument(1), 1L, "dimension of the bags");
    boolean byFrequency = flag(bag.argument(3), "scale_grad_by_freq");
    long mode = number(bag.argument(4), "mode");
    boolean sparse = flag(bag.argument(5), "sparse");
    equal(bag.argument(6), null, "weight of its samples");
    boolean lastOffset = flag(bag.argument(7), "include_last_offset");
    List<Long> shape = recording.shape(WEIGHT, 2);
    Long padding = bag.argument(8) == null ? null : padding(bag.argument(8), shape.get(0));
    return Blueprint.of(
            Arrays.asList(shape, norm, byFrequency, mode, sparse, lastOffset, padding),
            () -> {
              try (EmbeddingBagOptions options = new EmbeddingBagOptions(1, 1)) {
                EmbeddingBagImpl made = new EmbeddingBagImpl(options);
                EmbeddingBagOptions all = made.options();
                all.num_embeddings().put(shape.get(0));
                all.embedding_dim().put(shape.get(1));
                if (norm.max() != null) {
                  all.max_norm().put(norm.max());
                }
                all.norm_type().put(norm.type());
                all.scale_grad_by_freq().put(byFrequency);
                mode(all.mode(), mode);
                all.sparse().put(sparse);
                all.include_last_offset().put(lastOffset);
                if (padding != null) {
                  all.padding_idx().put(padding);
                }
                return made;
              }
            })
        .withParameter(WEIGHT, true);
  }

  /** A bag's padding index may count from the last row. */
  private static Long padding(Object value, long rows) {
    long padding = number(value, "padding index");
    return padding < 0 ? padding + rows : padding;
  }

  private static void mode(EmbeddingBagMode mode, long number) {
    switch ((int) number) {
      case 0 -> mode.put(new kSum());
      case 1 -> mode.put(new kMean());
      default -> mode.put(new kMax());
    }
  }

  private static Meaning modeless(Recording recording, int rank) {
    Meaning training = recording.meaning(new Assumptions(1, rank, true));
    equal(recording.meaning(new Assumptions(1, rank, false)), training, "meaning in evaluation");
    return training;
  }

  private static Object contiguous(Object value) {
    return isCall(value, "aten::contiguous") ? ((Apply) value).argument(0) : value;
  }

  /**
   * How rows are made shorter when they are looked up.
   *
   * @param max the greatest length; null if they stay as they are
   * @param type the exponent of the norm
   */
  private record Norm(Double max, double type) {

    static Norm of(Meaning meaning) {
      if (meaning.effects().isEmpty()) {
        return new Norm(null, DEFAULT_NORM_TYPE);
      }
      Apply renorm =
          call(
              meaning.effects().get(0),
              "aten::embedding_renorm_",
              "aten::_no_grad_embedding_renorm_");
      Recording.requireNone(meaning.effects().subList(1, meaning.effects().size()));
      Object weight = renorm.argument(0);
      own(isCall(weight, "aten::detach") ? ((Apply) weight).argument(0) : weight, WEIGHT);
      input(contiguous(renorm.argument(1)), 0);
      return new Norm(real(renorm.argument(2), "max_norm"), real(renorm.argument(3), "norm_type"));
    }
  }
}
