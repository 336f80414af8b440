// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/** Transformers of text and of images, as they are published. */
final class TransformerNets {
  private static final long WIDTH = 16;
  private static final long HEADS = 4;

  private TransformerNets() {}

  static List<ZooModel> all() {
    return List.of(
        image("vit", TransformerNets::vit, 16, 12),
        image("swin", TransformerNets::swin, 16, 24),
        image("mixer", TransformerNets::mixer, 12, 12),
        tokens("gpt2", TransformerNets::gpt2),
        tokens("llama", TransformerNets::llama),
        tokens("albert", TransformerNets::albert),
        tokens("t5_encoder", TransformerNets::t5Encoder),
        ZooModel.of("bert", TransformerNets::bert)
            .ids(50, "ids", "batch", "tokens")
            .ids(2, "mask", "batch", "tokens")
            .ids(2, "types", "batch", "tokens")
            .example("batch", 3, "tokens", 14)
            .run("batch", 1, "tokens", 5)
            .run("batch", 2, "tokens", 20)
            .run("batch", 0, "tokens", 3),
        ZooModel.of("translation", TransformerNets::translation)
            .ids(50, "source", "batch", "length")
            .ids(50, "target", "batch", "tokens")
            .example("batch", 2, "length", 14, "tokens", 13)
            .run("batch", 1, "length", 3, "tokens", 7)
            .run("batch", 2, "length", 9, "tokens", 2));
  }

  private static ZooModel image(String name, Supplier<GraphModule> build, int height, int width) {
    return ZooModel.of(name, build)
        .floats("x", "batch", 3, height, width)
        .example("batch", 3)
        .run("batch", 1)
        .run("batch", 5)
        .run("batch", 0);
  }

  private static ZooModel tokens(String name, Supplier<GraphModule> build) {
    return ZooModel.of(name, build)
        .ids(50, "ids", "batch", "tokens")
        .example("batch", 3, "tokens", 14)
        .run("batch", 1, "tokens", 1)
        .run("batch", 2, "tokens", 19)
        .run("batch", 0, "tokens", 4);
  }

  /** [N, T, WIDTH] as heads [N, HEADS, T, WIDTH / HEADS]. */
  private static GraphValue heads(Net n, GraphValue x) {
    GraphValue split = n.builder.reshape(x, 0, 0, HEADS, WIDTH / HEADS);
    return n.builder.permute(split, 0, 2, 1, 3);
  }

  private static GraphValue joined(Net n, GraphValue y) {
    GraphValue turned = n.f("contiguous", n.builder.permute(y, 0, 2, 1, 3));
    return n.builder.reshape(turned, 0, 0, WIDTH);
  }

  private static GraphValue attention(
      Net n, GraphValue q, GraphValue k, GraphValue v, GraphValue mask, boolean causal) {
    return n.f("scaled_dot_product_attention", q, k, v, mask, 0.0, causal);
  }

  private static GraphValue mlp(Net n, GraphValue x) {
    return n.linear(n.builder.gelu(n.linear(x, WIDTH, 4 * WIDTH)), 4 * WIDTH, WIDTH);
  }

  static GraphModule vit() {
    Net n = new Net("x");
    GraphValue x = n.conv(n.input("x"), 3, WIDTH, new Window(4, 4, 0, 1, 1));
    x = n.builder.transpose(n.builder.flatten(x, 2), 1, 2);
    GraphValue batch = n.builder.size(x, 0);
    GraphValue token =
        n.f("expand", n.parameter("class_token", 1, 1, WIDTH), Arrays.asList(batch, -1L, -1L));
    x = n.add(n.cat(1, token, x), n.parameter("positions", 1, 13, WIDTH));
    for (int block = 0; block < 2; block++) {
      GraphValue y = n.layerNorm(x, WIDTH);
      GraphValue qkv =
          n.builder.reshape(n.linear(y, WIDTH, 3 * WIDTH), 0, 0, 3, HEADS, WIDTH / HEADS);
      List<GraphValue> each =
          n.pieces(n.f("unbind.int", n.builder.permute(qkv, 2, 0, 3, 1, 4), 0L), 3);
      y = attention(n, each.get(0), each.get(1), each.get(2), null, false);
      x = n.add(x, n.linear(joined(n, y), WIDTH, WIDTH));
      x = n.add(x, mlp(n, n.layerNorm(x, WIDTH)));
    }
    return n.output(n.linear(n.builder.select(n.layerNorm(x, WIDTH), 1, 0), WIDTH, 10));
  }

  /** Windows of 2 x 2 patches, the second block's shifted by one, then patches merged. */
  static GraphModule swin() {
    Net n = new Net("x");
    GraphValue x =
        n.builder.permute(n.conv(n.input("x"), 3, WIDTH, new Window(4, 4, 0, 1, 1)), 0, 2, 3, 1);
    long height = 4;
    long width = 6;
    for (int block = 0; block < 2; block++) {
      GraphValue y = n.layerNorm(x, WIDTH);
      if (block == 1) {
        y = n.f("roll", y, List.of(-1L, -1L), List.of(1L, 2L));
      }
      GraphValue batch = n.builder.size(x, 0);
      y = n.f("view", y, Arrays.asList(batch, height / 2, 2L, width / 2, 2L, WIDTH));
      y =
          n.f(
              "view",
              n.f("contiguous", n.builder.permute(y, 0, 1, 3, 2, 4, 5)),
              List.of(-1L, 4L, WIDTH));
      List<GraphValue> each = n.pieces(n.f("chunk", n.linear(y, WIDTH, 3 * WIDTH), 3L, -1L), 3);
      GraphValue q = n.builder.mul(heads(n, each.get(0)), 0.5);
      GraphValue scores = n.builder.matmul(q, n.builder.transpose(heads(n, each.get(1)), -2, -1));
      scores = n.add(scores, n.parameter("bias" + block, 1, HEADS, 4, 4));
      if (block == 1) {
        GraphValue mask =
            n.builder.constant(
                "mask", torch.randint(2, new long[] {6, 4, 4}).mul(new Scalar(-100.0)));
        GraphValue apart = n.f("view", scores, Arrays.asList(batch, 6L, HEADS, 4L, 4L));
        scores =
            n.f(
                "view",
                n.add(apart, n.builder.unsqueeze(n.builder.unsqueeze(mask, 1), 0)),
                List.of(-1L, HEADS, 4L, 4L));
      }
      y = joined(n, n.builder.matmul(n.builder.softmax(scores, -1), heads(n, each.get(2))));
      y = n.linear(y, WIDTH, WIDTH);
      y = n.f("view", y, List.of(-1L, height / 2, width / 2, 2L, 2L, WIDTH));
      y = n.builder.permute(y, 0, 1, 3, 2, 4, 5);
      y = n.f("reshape", n.f("contiguous", y), Arrays.asList(batch, height, width, WIDTH));
      if (block == 1) {
        y = n.f("roll", y, List.of(1L, 1L), List.of(1L, 2L));
      }
      x = n.add(x, y);
      x = n.add(x, mlp(n, n.layerNorm(x, WIDTH)));
    }
    List<GraphValue> parts = new ArrayList<>();
    for (long[] start : new long[][] {{0, 0}, {1, 0}, {0, 1}, {1, 1}}) {
      GraphValue rows = n.f("slice.Tensor", x, 1L, start[0], null, 2L);
      parts.add(n.f("slice.Tensor", rows, 2L, start[1], Long.MAX_VALUE, 2L));
    }
    GraphValue merged = n.cat(-1, parts.toArray(new GraphValue[0]));
    merged = n.linearWithoutBias(n.layerNorm(merged, 4 * WIDTH), 4 * WIDTH, 2 * WIDTH);
    merged = n.builder.mean(n.f("flatten.using_ints", merged, 1L, 2L), List.of(1L), false);
    return n.output(n.linear(merged, 2 * WIDTH, 8));
  }

  static GraphModule mixer() {
    Net n = new Net("x");
    GraphValue x = n.conv(n.input("x"), 3, WIDTH, new Window(4, 4, 0, 1, 1));
    x = n.builder.transpose(n.builder.flatten(x, 2), 1, 2);
    for (int block = 0; block < 2; block++) {
      GraphValue y = n.builder.transpose(n.layerNorm(x, WIDTH), 1, 2);
      y = n.linear(n.builder.gelu(n.linear(y, 9, 24)), 24, 9);
      x = n.add(x, n.builder.transpose(y, 1, 2));
      x = n.add(x, mlp(n, n.layerNorm(x, WIDTH)));
    }
    return n.output(n.linear(n.builder.mean(n.layerNorm(x, WIDTH), List.of(1L), false), WIDTH, 10));
  }

  /** With a fused projection, a causal mask from a buffer, and the embedding's rows as the head. */
  static GraphModule gpt2() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    n.builder.child("word", new EmbeddingImpl(50, WIDTH));
    GraphValue length = n.builder.size(ids, 1);
    GraphValue place = n.embedding(n.builder.unsqueeze(n.builder.positions(ids, 1), 0), 32, WIDTH);
    GraphValue x = n.add(n.builder.call("word", ids), place);
    GraphValue mask = n.builder.buffer("mask", torch.ones(32, 32).tril().to(torch.ScalarType.Bool));
    for (int block = 0; block < 2; block++) {
      GraphValue y = n.layerNorm(x, WIDTH);
      List<GraphValue> each =
          n.pieces(n.f("split.Tensor", n.linear(y, WIDTH, 3 * WIDTH), WIDTH, 2L), 3);
      GraphValue k = heads(n, each.get(1));
      GraphValue scores = n.builder.matmul(heads(n, each.get(0)), n.builder.transpose(k, -1, -2));
      scores = n.builder.div(scores, 2.0);
      GraphValue part = n.f("slice.Tensor", mask, 0L, 0L, length, 1L);
      part = n.f("slice.Tensor", part, 1L, 0L, length, 1L);
      GraphValue least = n.builder.constant("least" + block, torch.tensor(-3.4e38f));
      scores = n.f("where.self", part, scores, least);
      y = n.builder.matmul(n.builder.softmax(scores, -1), heads(n, each.get(2)));
      x = n.add(x, n.linear(joined(n, y), WIDTH, WIDTH));
      GraphValue z = n.linear(n.layerNorm(x, WIDTH), WIDTH, 4 * WIDTH);
      x = n.add(x, n.linear(n.f("gelu", z, "tanh"), 4 * WIDTH, WIDTH));
    }
    x = n.layerNorm(x, WIDTH);
    return n.output(n.f("linear", x, n.builder.attribute("word.weight"), null));
  }

  private static GraphValue rmsNorm(Net n, GraphValue x, String name, boolean written) {
    GraphValue weight = n.parameter(name, WIDTH);
    if (!written) {
      return n.f("rms_norm", x, List.of(WIDTH), weight, 1e-6);
    }
    GraphValue mean = n.builder.mean(n.f("pow.Tensor_Scalar", x, 2.0), List.of(-1L), true);
    return n.mul(weight, n.mul(x, n.f("rsqrt", n.builder.add(mean, 1e-6))));
  }

  /** x * cos + (-right half, left half) * sin. */
  private static GraphValue rotated(Net n, GraphValue x, GraphValue cos, GraphValue sin) {
    long half = WIDTH / HEADS / 2;
    GraphValue left = n.f("slice.Tensor", x, -1L, 0L, half, 1L);
    GraphValue right = n.f("slice.Tensor", x, -1L, half, Long.MAX_VALUE, 1L);
    GraphValue turned = n.cat(-1, n.f("neg", right), left);
    return n.add(n.mul(x, cos), n.mul(turned, sin));
  }

  /** Rotary embeddings, fewer heads for keys and values than for queries, SwiGLU. */
  static GraphModule llama() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    GraphValue length = n.builder.size(ids, 1);
    GraphValue x = n.embedding(ids, 50, WIDTH);
    GraphValue angles = n.builder.buffer("angles", torch.randn(32, 2));
    angles = n.f("slice.Tensor", angles, 0L, 0L, length, 1L);
    GraphValue both = n.cat(-1, angles, angles);
    GraphValue cos = n.f("cos", both);
    GraphValue sin = n.f("sin", both);
    for (int block = 0; block < 2; block++) {
      GraphValue y = rmsNorm(n, x, "norm_in" + block, block == 0);
      GraphValue q = rotated(n, heads(n, n.linearWithoutBias(y, WIDTH, WIDTH)), cos, sin);
      GraphValue k =
          n.builder.reshape(
              n.linearWithoutBias(y, WIDTH, WIDTH / 2), 0, 0, HEADS / 2, WIDTH / HEADS);
      GraphValue v =
          n.builder.reshape(
              n.linearWithoutBias(y, WIDTH, WIDTH / 2), 0, 0, HEADS / 2, WIDTH / HEADS);
      k = repeated(n, rotated(n, n.builder.permute(k, 0, 2, 1, 3), cos, sin), length, block);
      v = repeated(n, n.builder.permute(v, 0, 2, 1, 3), length, block);
      y = attention(n, q, k, v, null, true);
      x = n.add(x, n.linearWithoutBias(joined(n, y), WIDTH, WIDTH));
      y = rmsNorm(n, x, "norm_out" + block, block == 1);
      GraphValue gate = n.builder.silu(n.linearWithoutBias(y, WIDTH, 40));
      y = n.mul(gate, n.linearWithoutBias(y, WIDTH, 40));
      x = n.add(x, n.linearWithoutBias(y, 40, WIDTH));
    }
    x = n.builder.select(rmsNorm(n, x, "norm", false), 1, -1);
    return n.output(n.linearWithoutBias(x, WIDTH, 50));
  }

  /** [N, 2, T, D] as [N, 4, T, D], each head twice. */
  private static GraphValue repeated(Net n, GraphValue x, GraphValue length, int block) {
    if (block == 1) {
      return n.f("repeat_interleave.self_int", x, 2L, 1L);
    }
    GraphValue batch = n.builder.size(x, 0);
    GraphValue wide =
        n.f(
            "expand",
            n.builder.unsqueeze(x, 2),
            Arrays.asList(batch, 2L, 2L, length, WIDTH / HEADS));
    return n.f("reshape", wide, Arrays.asList(batch, HEADS, length, WIDTH / HEADS));
  }

  private static GraphValue bertLayer(Net n, GraphValue x, GraphValue mask) {
    GraphValue q = heads(n, n.linear(x, WIDTH, WIDTH));
    GraphValue k = heads(n, n.linear(x, WIDTH, WIDTH));
    GraphValue v = heads(n, n.linear(x, WIDTH, WIDTH));
    GraphValue scores = n.builder.div(n.builder.matmul(q, n.builder.transpose(k, -1, -2)), 2.0);
    GraphValue y = n.builder.matmul(n.builder.softmax(n.add(scores, mask), -1), v);
    x = n.layerNorm(n.add(n.linear(joined(n, y), WIDTH, WIDTH), x), WIDTH);
    return n.layerNorm(n.add(mlp(n, x), x), WIDTH);
  }

  /** Returns the hidden states and a pooled vector of each text. */
  static GraphModule bert() {
    Net n = new Net("ids", "mask", "types");
    GraphValue ids = n.input("ids");
    GraphValue mask = n.builder.unsqueeze(n.builder.unsqueeze(n.input("mask"), 1), 2);
    mask = n.f("to.dtype", mask, 6L, false, false, null);
    mask = n.builder.mul(n.f("rsub.Scalar", mask, 1.0, 1.0), -10000.0);
    GraphValue positions = n.builder.unsqueeze(n.builder.positions(ids, 1), 0);
    positions = n.f("expand_as", positions, ids);
    GraphValue x = n.add(n.embedding(ids, 50, WIDTH), n.embedding(n.input("types"), 2, WIDTH));
    x = n.layerNorm(n.add(x, n.embedding(positions, 32, WIDTH)), WIDTH);
    for (int layer = 0; layer < 2; layer++) {
      x = bertLayer(n, x, mask);
    }
    GraphValue first = n.builder.tanh(n.linear(n.builder.select(x, 1, 0), WIDTH, WIDTH));
    return n.output(x, first);
  }

  /** The same layers three times, and the mean over the tokens that are not padding. */
  static GraphModule albert() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    GraphValue mask = n.f("ne.Scalar", ids, 0L);
    n.builder
        .child("query", new LinearImpl(WIDTH, WIDTH))
        .child("value", new LinearImpl(WIDTH, WIDTH));
    n.builder.child("up", new LinearImpl(WIDTH, 24)).child("down", new LinearImpl(24, WIDTH));
    GraphValue x = n.linear(n.embedding(ids, 50, 8), 8, WIDTH);
    GraphValue wide = n.builder.unsqueeze(n.builder.unsqueeze(mask, 1), 1);
    for (int round = 0; round < 3; round++) {
      GraphValue q = heads(n, n.builder.call("query", x));
      GraphValue v = heads(n, n.builder.call("value", x));
      x = n.add(x, joined(n, attention(n, q, q, v, wide, false)));
      x = n.add(x, n.builder.call("down", n.relu(n.builder.call("up", x))));
    }
    GraphValue weights = n.builder.unsqueeze(n.f("to.dtype", mask, 6L, false, false, null), -1);
    GraphValue sum = n.builder.sum(n.mul(x, weights), List.of(1L), false);
    GraphValue count = n.f("clamp_min", n.builder.sum(weights, List.of(1L), false), 1.0);
    GraphValue mean = n.builder.div(sum, count);
    GraphValue norm = n.f("linalg_vector_norm", mean, 2L, List.of(1L), true, null);
    return n.output(n.builder.div(mean, n.f("expand_as", n.f("clamp_min", norm, 1e-12), mean)));
  }

  /** Attention with a bias of relative positions, looked up by the distance of tokens. */
  static GraphModule t5Encoder() {
    Net n = new Net("ids");
    GraphValue ids = n.input("ids");
    GraphValue x = n.embedding(ids, 50, WIDTH);
    GraphValue from = n.builder.positions(ids, 1);
    GraphValue distance = n.builder.sub(n.builder.unsqueeze(from, 0), n.builder.unsqueeze(from, 1));
    distance = n.f("clamp", distance, -8L, 8L);
    GraphValue bias = n.embedding(n.f("add.Scalar", distance, 8L, 1L), 17, HEADS);
    bias = n.builder.unsqueeze(n.builder.permute(bias, 2, 0, 1), 0);
    for (int block = 0; block < 2; block++) {
      GraphValue y = rmsNorm(n, x, "norm_in" + block, true);
      GraphValue q = heads(n, n.linearWithoutBias(y, WIDTH, WIDTH));
      GraphValue k = heads(n, n.linearWithoutBias(y, WIDTH, WIDTH));
      GraphValue v = heads(n, n.linearWithoutBias(y, WIDTH, WIDTH));
      GraphValue scores = n.add(n.f("einsum", "bhid,bhjd->bhij", List.of(q, k), null), bias);
      y = n.builder.matmul(n.f("type_as", n.builder.softmax(scores, -1), scores), v);
      x = n.add(x, n.linearWithoutBias(joined(n, y), WIDTH, WIDTH));
      y = rmsNorm(n, x, "norm_out" + block, true);
      GraphValue gate = n.f("gelu", n.linearWithoutBias(y, WIDTH, 24), "tanh");
      x = n.add(x, n.linearWithoutBias(n.mul(gate, n.linearWithoutBias(y, WIDTH, 24)), 24, WIDTH));
    }
    return n.output(x);
  }

  /** An encoder, a decoder that attends to it, and probabilities of words. */
  static GraphModule translation() {
    Net n = new Net("source", "target");
    n.builder.child("word", new EmbeddingImpl(50, WIDTH));
    GraphValue padding = n.f("eq.Scalar", n.input("source"), 0L);
    padding = n.builder.unsqueeze(n.builder.unsqueeze(padding, 1), 1);
    GraphValue x = n.builder.mul(n.builder.call("word", n.input("source")), 4.0);
    GraphValue q = heads(n, n.linear(x, WIDTH, WIDTH));
    GraphValue k = heads(n, n.linear(x, WIDTH, WIDTH));
    GraphValue scores = n.builder.matmul(q, n.builder.transpose(k, 2, 3));
    scores = n.f("masked_fill.Scalar", n.builder.mul(scores, 0.5), padding, -1e9);
    GraphValue y =
        n.builder.matmul(n.builder.softmax(scores, 3), heads(n, n.linear(x, WIDTH, WIDTH)));
    GraphValue memory = n.layerNorm(n.add(x, n.linear(joined(n, y), WIDTH, WIDTH)), WIDTH);

    GraphValue t = n.builder.mul(n.builder.call("word", n.input("target")), 4.0);
    List<GraphValue> each = n.pieces(n.f("chunk", n.linear(t, WIDTH, 3 * WIDTH), 3L, 2L), 3);
    y =
        attention(
            n, heads(n, each.get(0)), heads(n, each.get(1)), heads(n, each.get(2)), null, true);
    t = n.layerNorm(n.add(t, n.linear(joined(n, y), WIDTH, WIDTH)), WIDTH);
    GraphValue keep = n.f("logical_not", padding);
    y =
        attention(
            n,
            heads(n, n.linear(t, WIDTH, WIDTH)),
            heads(n, n.linear(memory, WIDTH, WIDTH)),
            heads(n, n.linear(memory, WIDTH, WIDTH)),
            keep,
            false);
    t = n.layerNorm(n.add(t, n.linear(joined(n, y), WIDTH, WIDTH)), WIDTH);
    return n.output(n.f("log_softmax.int", n.linear(t, WIDTH, 50), -1L, null));
  }
}
