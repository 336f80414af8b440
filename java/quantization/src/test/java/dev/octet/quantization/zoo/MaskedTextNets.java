// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Transformers that compute masks, places and buckets from ids and sizes in every run. */
final class MaskedTextNets {
  private static final long WIDTH = 16;
  private static final long HEADS = 4;
  private static final long LONG = ScalarType.Long.value;
  private static final long FLOAT = ScalarType.Float.value;

  private MaskedTextNets() {}

  static List<ZooModel> all() {
    return List.of(
        ZooModel.of("roberta", MaskedTextNets::roberta)
            .ids(5, "ids", "batch", "tokens")
            .example("batch", 3, "tokens", 14)
            .run("batch", 1, "tokens", 1)
            .run("batch", 2, "tokens", 20)
            .run("batch", 0, "tokens", 4),
        ZooModel.of("t5_buckets", MaskedTextNets::t5Buckets)
            .ids(50, "ids", "batch", "tokens")
            .example("batch", 3, "tokens", 14)
            .run("batch", 1, "tokens", 3)
            .run("batch", 2, "tokens", 40),
        ZooModel.of("clip", MaskedTextNets::clip)
            .floats("image", "images", 3, 8, 12)
            .ids(50, "ids", "texts", "tokens")
            .example("images", 15, "texts", 16, "tokens", 14)
            .run("images", 2, "texts", 1, "tokens", 5)
            .run("images", 1, "texts", 3, "tokens", 9),
        ZooModel.of("cached_decoder", MaskedTextNets::cachedDecoder)
            .ids(50, "ids", "batch", "tokens")
            .floats("keys", "batch", HEADS, "past", WIDTH / HEADS)
            .floats("values", "batch", HEADS, "past", WIDTH / HEADS)
            .floats("memory", "batch", "length", WIDTH)
            .example("batch", 3, "tokens", 19, "past", 21, "length", 23)
            .run("batch", 2, "tokens", 1, "past", 6, "length", 4)
            .run("batch", 1, "tokens", 5, "past", 0, "length", 3)
            .run("batch", 2, "tokens", 3, "past", 2, "length", 9));
  }

  /** [N, T, WIDTH] as heads [N, HEADS, T, WIDTH / HEADS]. */
  private static GraphValue heads(Net n, GraphValue x) {
    GraphValue split = n.builder.reshape(x, 0, 0, HEADS, WIDTH / HEADS);
    return n.builder.permute(split, 0, 2, 1, 3);
  }

  private static GraphValue joined(Net n, GraphValue y) {
    return n.builder.reshape(n.builder.permute(y, 0, 2, 1, 3), 0, 0, WIDTH);
  }

  /** softmax(q k' / 2 + bias) v, which then passes through a layer. */
  private static GraphValue attended(
      Net n, GraphValue q, GraphValue k, GraphValue v, GraphValue bias) {
    GraphValue scores = n.builder.div(n.builder.matmul(q, n.builder.transpose(k, -1, -2)), 2.0);
    scores = bias == null ? scores : n.add(scores, bias);
    return n.linear(joined(n, n.builder.matmul(n.builder.softmax(scores, -1), v)), WIDTH, WIDTH);
  }

  private static GraphValue self(Net n, GraphValue x, GraphValue bias) {
    return attended(
        n,
        heads(n, n.linear(x, WIDTH, WIDTH)),
        heads(n, n.linear(x, WIDTH, WIDTH)),
        heads(n, n.linear(x, WIDTH, WIDTH)),
        bias);
  }

  private static GraphValue mlp(Net n, GraphValue x) {
    return n.linear(n.builder.gelu(n.linear(x, WIDTH, 2 * WIDTH)), 2 * WIDTH, WIDTH);
  }

  private static GraphValue to(Net n, GraphValue x, long type) {
    return n.f("to.dtype", x, type, false, false, null);
  }

  /** -infinity, nearly, where a mask is false. */
  private static GraphValue lifted(Net n, GraphValue mask) {
    return n.builder.mul(n.f("rsub.Scalar", to(n, mask, FLOAT), 1.0, 1.0), -3.4e38);
  }

  /** Padding has the id 1 and, as its place, the number 1; others are counted from 2 on. */
  static GraphModule roberta() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    GraphValue mask = n.f("ne.Scalar", ids, 1L);
    GraphValue ones = to(n, mask, ScalarType.Int.value);
    GraphValue places = n.f("type_as", n.f("cumsum", ones, 1L, null), ones);
    places = n.mul(n.f("add.Scalar", places, 0L, 1L), ones);
    places = n.f("add.Scalar", to(n, places, LONG), 1L, 1L);
    GraphValue x = n.add(n.embedding(ids, 5, WIDTH), n.embedding(places, 32, WIDTH));
    GraphValue types = n.f("zeros_like", ids, LONG, null, null, null, null);
    x = n.layerNorm(n.add(x, n.embedding(types, 1, WIDTH)), WIDTH);
    GraphValue bias = lifted(n, n.builder.unsqueeze(n.builder.unsqueeze(mask, 1), 1));
    for (int layer = 0; layer < 2; layer++) {
      x = n.layerNorm(n.add(self(n, x, bias), x), WIDTH);
      x = n.layerNorm(n.add(mlp(n, x), x), WIDTH);
    }
    GraphValue lengths = n.builder.sum(mask, List.of(1L), true);
    GraphValue padding = n.f("logical_not", n.builder.unsqueeze(mask, -1));
    GraphValue wide = n.f("masked_fill.Scalar", x, padding, 0.0);
    GraphValue mean =
        n.builder.div(n.builder.sum(wide, List.of(1L), false), n.f("clamp_min", lengths, 1L));
    return n.output(n.linear(n.builder.tanh(n.linear(mean, WIDTH, WIDTH)), WIDTH, 3));
  }

  /** Distances in buckets, far ones on a scale of logarithms, and the bias of each bucket. */
  static GraphModule t5Buckets() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    GraphValue x = n.embedding(ids, 50, WIDTH);
    GraphValue places = n.builder.positions(ids, 1);
    GraphValue away = n.builder.sub(n.builder.unsqueeze(places, 0), n.builder.unsqueeze(places, 1));
    GraphValue side = n.f("mul.Scalar", to(n, n.f("gt.Scalar", away, 0L), LONG), 8L);
    GraphValue distance = n.f("abs", away);
    GraphValue far = n.f("log", n.builder.div(to(n, distance, FLOAT), 4.0));
    far = n.builder.mul(n.builder.div(far, Math.log(32 / 4)), 4.0);
    far = n.f("add.Scalar", to(n, far, LONG), 4L, 1L);
    far = n.f("minimum", far, n.f("full_like", far, 7L, null, null, null, null, null));
    GraphValue buckets =
        n.f(
            "add_.Tensor",
            side,
            n.f("where.self", n.f("lt.Scalar", distance, 4L), distance, far),
            1L);
    GraphValue bias = n.builder.permute(n.embedding(buckets, 16, HEADS), 2, 0, 1);
    bias = n.builder.unsqueeze(bias, 0);
    GraphValue causal = n.f("triu", n.f("ones_like", away, FLOAT, null, null, null, null), 1L);
    bias = n.add(bias, n.builder.mul(causal, -1e9));
    for (int layer = 0; layer < 2; layer++) {
      x = n.add(x, self(n, n.layerNorm(x, WIDTH), bias));
      x = n.add(x, mlp(n, n.layerNorm(x, WIDTH)));
    }
    return n.output(n.linear(x, WIDTH, 20));
  }

  /** Images and texts as vectors of length 1, and the likeness of all pairs. */
  static GraphModule clip() {
    Net n = new Net("image", "ids");
    GraphValue image = n.conv(n.input("image"), 3, WIDTH, new Window(4, 4, 0, 1, 1));
    image = n.builder.transpose(n.builder.flatten(image, 2), 1, 2);
    image = n.add(image, n.parameter("image_places", 6, WIDTH));
    image = n.add(image, self(n, n.layerNorm(image, WIDTH), null));
    image = n.add(image, quick(n, n.layerNorm(image, WIDTH)));
    GraphValue seen = n.linearWithoutBias(n.builder.mean(image, List.of(1L), false), WIDTH, 8);

    GraphValue ids = n.input("ids");
    GraphValue length = n.builder.size(ids, 1);
    GraphValue places =
        n.f("slice.Tensor", n.parameter("text_places", 32, WIDTH), 0L, 0L, length, 1L);
    GraphValue text = n.add(n.embedding(ids, 50, WIDTH), places);
    GraphValue none = n.f("full", List.of(length, length), -1e9, FLOAT, null, null, null);
    text = n.add(text, self(n, n.layerNorm(text, WIDTH), n.f("triu", none, 1L)));
    text = n.layerNorm(n.add(text, quick(n, n.layerNorm(text, WIDTH))), WIDTH);
    // The end of a text has the greatest id.
    GraphValue last =
        n.f(
            "index.Tensor",
            text,
            List.of(n.builder.positions(ids, 0), n.f("argmax", ids, -1L, false)));
    GraphValue read = n.linearWithoutBias(last, WIDTH, 8);
    seen = n.builder.div(seen, n.f("linalg_vector_norm", seen, 2L, List.of(-1L), true, null));
    read = n.builder.div(read, n.f("linalg_vector_norm", read, 2L, List.of(-1L), true, null));
    GraphValue factor = n.f("exp", n.parameter("likeness"));
    return n.output(n.mul(n.builder.matmul(seen, n.f("t", read)), factor), seen, read);
  }

  /** A feed-forward layer with x * sigmoid(1.702 x). */
  private static GraphValue quick(Net n, GraphValue x) {
    GraphValue y = n.linear(x, WIDTH, 2 * WIDTH);
    return n.linear(n.mul(y, n.builder.sigmoid(n.builder.mul(y, 1.702))), 2 * WIDTH, WIDTH);
  }

  /** A step of a decoder: keys and values of the past are inputs, all of them outputs. */
  static GraphModule cachedDecoder() {
    Net n = new Net("ids", "keys", "values", "memory");
    n.builder.child("word", new EmbeddingImpl(50, WIDTH));
    GraphValue ids = n.input("ids");
    GraphValue past = n.builder.size(n.input("keys"), 2);
    GraphValue tokens = n.builder.size(ids, 1);
    GraphValue total = n.f("add.int", past, tokens);
    GraphValue places = n.f("arange.start", past, total, LONG, null, null, null);
    GraphValue x =
        n.add(n.builder.call("word", ids), n.builder.unsqueeze(n.embedding(places, 64, WIDTH), 0));
    GraphValue y = n.layerNorm(x, WIDTH);
    List<GraphValue> each =
        n.pieces(n.f("split.Tensor", n.linear(y, WIDTH, 3 * WIDTH), WIDTH, 2L), 3);
    GraphValue k = n.cat(2, n.input("keys"), heads(n, each.get(1)));
    GraphValue v = n.cat(2, n.input("values"), heads(n, each.get(2)));
    GraphValue scores =
        n.builder.div(n.builder.matmul(heads(n, each.get(0)), n.builder.transpose(k, -1, -2)), 2.0);
    GraphValue all = n.builder.buffer("causal", torch.ones(64, 64).tril().to(ScalarType.Bool));
    GraphValue causal = n.f("slice.Tensor", all, 0L, past, total, 1L);
    causal = n.f("slice.Tensor", causal, 1L, 0L, total, 1L);
    GraphValue least = n.builder.constant("least", torch.tensor(-3.4e38f));
    scores = n.f("where.self", causal, scores, least);
    y = n.linear(joined(n, n.builder.matmul(n.builder.softmax(scores, -1), v)), WIDTH, WIDTH);
    x = n.add(x, y);
    GraphValue memory = n.input("memory");
    x =
        n.add(
            x,
            attended(
                n,
                heads(n, n.linear(n.layerNorm(x, WIDTH), WIDTH, WIDTH)),
                heads(n, n.linear(memory, WIDTH, WIDTH)),
                heads(n, n.linear(memory, WIDTH, WIDTH)),
                null));
    x = n.layerNorm(n.add(x, mlp(n, n.layerNorm(x, WIDTH))), WIDTH);
    List<GraphValue> outputs = new ArrayList<>();
    outputs.add(n.f("linear", x, n.builder.attribute("word.weight"), null));
    outputs.add(k);
    outputs.add(v);
    return n.output(outputs.toArray());
  }
}
