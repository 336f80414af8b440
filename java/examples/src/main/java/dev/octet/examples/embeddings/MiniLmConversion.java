// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.transform.ActivationSmoothing;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** From all-MiniLM-L6-v2 in floats to a program of integers. */
public final class MiniLmConversion {
  private static final int BATCH = 20;
  private static final int TOGETHER = 10;

  private MiniLmConversion() {}

  /** Returns sentences for calibration as tokens, alone and ten together as a longer text. */
  public static List<TokenBatch> calibrationBatches(SentenceTokenizer tokenizer) {
    List<String> sentences = Sentences.forCalibration();
    List<TokenBatch> batches = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < sentences.size(); i += BATCH) {
      batches.add(tokenizer.encode(sentences.subList(i, i + BATCH)));
    }
    for (int i = 0; i < sentences.size(); i += TOGETHER) {
      texts.add(String.join(" ", sentences.subList(i, i + TOGETHER)));
    }
    batches.add(tokenizer.encode(texts));
    return batches;
  }

  /** Returns a tensor [batch, tokens] of a batch's ids or mask. */
  public static Tensor tensor(TokenBatch batch, long[] elements) {
    try (Tensor flat = Tensor.create(elements)) {
      return flat.reshape(batch.sentences(), batch.tokens()).clone();
    }
  }

  /**
   * Returns the map: weights of 8 bits with a scale a row; inputs of all linear layers of 8 bits
   * with a zero point, and what attention multiplies likewise. Sums and LayerNorm stay floats,
   * since what is added up over the layers needs more than 8 bits.
   */
  static QuantizationMap map() {
    ActivationQuantConfig codes =
        ActivationQuantConfig.builder()
            .nBits(8)
            .symmetric(false)
            .rangeEstimator(new AllMinMaxParameters())
            .build();
    WeightQuantConfig weights = WeightQuantConfig.builder().nBits(8).perChannel(true).build();
    var inputOnly = new QuantizationConfig(ActivationQuantConfig.none(), weights);
    var inputAndOutput = new QuantizationConfig(codes, weights);
    QuantizationMap.Builder map = QuantizationMap.builder();
    map.instance(
        "embeddings.word_embeddings",
        new QuantizedModuleConfig(QuantizedModules.EMBEDDING, inputOnly));
    for (int i = 0; i < MiniLm.LAYERS; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String name : List.of("query", "key", "value")) {
        String path = layer + "attention.self." + name;
        map.instance(path, new QuantizedModuleConfig(QuantizedModules.LINEAR, inputAndOutput))
            .input(path, codes);
      }
      for (String name : List.of("attention.output.dense", "intermediate.dense", "output.dense")) {
        map.instance(layer + name, new QuantizedModuleConfig(QuantizedModules.LINEAR, inputOnly))
            .input(layer + name, codes);
      }
    }
    return map.build();
  }

  /**
   * Moves the few large features of inputs of linear layers into the weights. The inputs of
   * attention's output layers have none; those of the feed-forward output layers have some that are
   * a hundred times larger than others.
   */
  public static void smooth(GraphModule model, List<TokenBatch> batches) {
    Map<String, Double> strengths = new LinkedHashMap<>();
    for (int i = 0; i < MiniLm.LAYERS; i++) {
      String layer = "encoder.layer." + i + ".";
      for (String name : List.of("query", "key", "value")) {
        strengths.put(layer + "attention.self." + name, 0.5);
      }
      strengths.put(layer + "intermediate.dense", 0.5);
      strengths.put(layer + "output.dense", 0.85);
    }
    ActivationSmoothing.smooth(
        model, strengths, batches, (observed, batch) -> run(observed, batch).close());
  }

  /** Returns a calibrated copy of a model. */
  public static GraphModule convert(GraphModule model, List<TokenBatch> batches) {
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map());
    try (NoGradGuard noGrad = new NoGradGuard()) {
      Calibration.calibrateQuantizationRanges(
          converted,
          batches,
          batch -> run(converted, batch).close(),
          batches.size(),
          CalibrationProgress.NONE);
    }
    return converted;
  }

  /** Returns the embeddings [batch, 384] of a batch; the caller's. */
  public static Tensor run(GraphModule model, TokenBatch batch) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard noGrad = new NoGradGuard()) {
      Tensor embeddings = model.forward(tensor(batch, batch.ids()), tensor(batch, batch.mask()));
      return embeddings.retainReference();
    }
  }

  /** Lowers a converted model for any number of sentences of any length up to 512 tokens. */
  public static LoweredModel lower(GraphModule converted, TokenBatch example) {
    try (Tensor ids = tensor(example, example.ids());
        Tensor mask = tensor(example, example.mask())) {
      // README: lower
      return Lowering.toProgram(
          converted,
          LoweringOptions.builder()
              .input("input_ids", ids, "batch", "tokens")
              .input("attention_mask", mask, "batch", "tokens")
              .outputs("embeddings")
              .integerAttention()
              .metadata("model", "all-MiniLM-L6-v2")
              .build());
      // README: end
    }
  }
}
