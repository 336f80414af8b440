// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.global.torch;

/** Networks of signals, texts as signals, tables of features, and several inputs and outputs. */
final class SequenceAndTableNets {
  private SequenceAndTableNets() {}

  static List<ZooModel> all() {
    return List.of(
        signal("tcn", SequenceAndTableNets::tcn),
        signal("wavenet", SequenceAndTableNets::waveNet),
        ZooModel.of("ecg", SequenceAndTableNets::ecg)
            .floats("x", "batch", 4, 37)
            .example("batch", 3)
            .run("batch", 1)
            .run("batch", 5)
            .run("batch", 0),
        ZooModel.of("text_cnn", SequenceAndTableNets::textCnn)
            .ids(50, "ids", "batch", "tokens")
            .example("batch", 3, "tokens", 14)
            .run("batch", 1, "tokens", 5)
            .run("batch", 2, "tokens", 20),
        ZooModel.of("autoencoder", SequenceAndTableNets::autoencoder)
            .floats("x", "batch", 20)
            .example("batch", 16)
            .run("batch", 1)
            .run("batch", 33)
            .run("batch", 0),
        ZooModel.of("dlrm", SequenceAndTableNets::dlrm)
            .floats("dense", "batch", 13)
            .ids(20, "sparse", "batch", 3)
            .ids(30, "bag", "batch", 5)
            .example("batch", 16)
            .run("batch", 1)
            .run("batch", 7)
            .run("batch", 0),
        ZooModel.of("two_towers", SequenceAndTableNets::twoTowers)
            .floats("user", "users", 12)
            .floats("item", "items", 9)
            .example("users", 14, "items", 15)
            .run("users", 1, "items", 4)
            .run("users", 3, "items", 1),
        ZooModel.of("mixture", SequenceAndTableNets::mixture)
            .floats("x", "batch", 12)
            .example("batch", 16)
            .run("batch", 1)
            .run("batch", 5),
        ZooModel.of("unrolled_gru", SequenceAndTableNets::unrolledGru)
            .floats("x", "batch", 5, 8)
            .floats("h", "batch", 12)
            .example("batch", 16)
            .run("batch", 1)
            .run("batch", 6),
        ZooModel.of("siamese", SequenceAndTableNets::siamese)
            .floats("a", "batch", 1, 14, 14)
            .floats("b", "batch", 1, 14, 14)
            .example("batch", 4)
            .run("batch", 1)
            .run("batch", 3));
  }

  private static ZooModel signal(String name, Supplier<GraphModule> build) {
    return ZooModel.of(name, build)
        .floats("x", "batch", 4, "length")
        .example("batch", 3, "length", 40)
        .run("batch", 1, "length", 40)
        .run("batch", 2, "length", 17)
        .run("batch", 0, "length", 9);
  }

  /** Causal: padded on both sides, the end cut off. */
  static GraphModule tcn() {
    Net n = new Net("x");
    GraphValue x = n.input("x");
    long in = 4;
    for (long dilation : new long[] {1, 2, 4}) {
      long padding = 2 * dilation;
      GraphValue y = n.conv1d(x, in, 8, new Window(3, 1, padding, dilation, 1));
      y = n.relu(n.f("slice.Tensor", y, 2L, 0L, -padding, 1L));
      y = n.conv1d(y, 8, 8, new Window(3, 1, padding, dilation, 1));
      y = n.relu(n.f("slice.Tensor", y, 2L, null, -padding, 1L));
      GraphValue shortcut = in == 8 ? x : n.conv1d(x, in, 8, Window.of(1));
      x = n.relu(n.add(y, shortcut));
      in = 8;
    }
    return n.output(n.linear(n.builder.select(x, 2, -1), 8, 3));
  }

  static GraphModule waveNet() {
    Net n = new Net("x");
    GraphValue x = n.conv1d(n.input("x"), 4, 8, Window.of(1));
    GraphValue skips = null;
    for (long dilation : new long[] {1, 2, 4}) {
      GraphValue y = n.f("constant_pad_nd", x, List.of(dilation, 0L), 0.0);
      y = n.conv1d(y, 8, 16, new Window(2, 1, 0, dilation, 1));
      List<GraphValue> halves = n.pieces(n.f("chunk", y, 2L, 1L), 2);
      y = n.mul(n.builder.tanh(halves.get(0)), n.builder.sigmoid(halves.get(1)));
      GraphValue skip = n.conv1d(y, 8, 6, Window.of(1));
      skips = skips == null ? skip : n.add(skips, skip);
      x = n.add(x, n.conv1d(y, 8, 8, Window.of(1)));
    }
    GraphValue y = n.conv1d(n.relu(skips), 6, 5, Window.of(1));
    return n.output(n.f("glu", n.cat(1, y, y), 1L));
  }

  static GraphModule ecg() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.norm1d(n.conv1d(n.input("x"), 4, 8, Window.of(7).stride(2)), 8));
    y = n.f("max_pool1d", y, List.of(3L), List.of(2L), List.of(1L), List.of(1L), false);
    y = n.relu(n.norm1d(n.conv1d(y, 8, 8, Window.of(5).groups(4)), 8));
    y = n.f("avg_pool1d", y, List.of(2L), List.of(2L), List.of(0L), false, true);
    GraphValue mean = n.f("adaptive_avg_pool1d", y, List.of(1L));
    GraphValue top = n.f("amax", y, List.of(2L), true);
    return n.output(n.linear(n.builder.flatten(n.cat(1, mean, top), 1), 16, 5));
  }

  static GraphModule textCnn() {
    Net n = new Net("ids");
    GraphValue x = n.builder.transpose(n.embedding(n.input("ids"), 50, 8), 1, 2);
    List<GraphValue> tops = new ArrayList<>();
    for (long kernel : new long[] {2, 3, 4}) {
      GraphValue y = n.relu(n.conv1d(x, 8, 6, Window.of(kernel).padding(0)));
      tops.add(n.builder.item(n.f("max.dim", y, 2L, false), 0));
    }
    return n.output(n.linear(n.cat(1, tops.toArray(new GraphValue[0])), 18, 4));
  }

  static GraphModule autoencoder() {
    Net n = new Net("x");
    GraphValue y = n.f("leaky_relu", n.norm1d(n.linear(n.input("x"), 20, 16), 16), 0.01);
    y = n.relu(n.norm1d(n.linear(y, 16, 8), 8));
    GraphValue code = n.linear(y, 8, 4);
    GraphValue spread = n.f("exp", n.builder.mul(n.linear(y, 8, 4), 0.5));
    y = n.f("selu", n.linear(n.add(code, spread), 4, 16));
    return n.output(n.builder.sigmoid(n.linear(y, 16, 20)), code, spread);
  }

  /** Dense features and embeddings, all products of two of them, and a click's probability. */
  static GraphModule dlrm() {
    Net n = new Net("dense", "sparse", "bag");
    GraphValue bottom = n.relu(n.linear(n.relu(n.linear(n.input("dense"), 13, 16)), 16, 8));
    List<GraphValue> vectors = new ArrayList<>(List.of(bottom));
    for (long i = 0; i < 3; i++) {
      vectors.add(n.embedding(n.builder.select(n.input("sparse"), 1, i), 20, 8));
    }
    vectors.add(n.builder.sum(n.embedding(n.input("bag"), 30, 8), List.of(1L), false));
    GraphValue all = n.f("stack", vectors, 1L);
    GraphValue products = n.f("bmm", all, n.builder.transpose(all, 1, 2));
    products = n.builder.flatten(products, 1);
    List<Long> pairs = new ArrayList<>();
    for (long row = 1; row < 5; row++) {
      for (long column = 0; column < row; column++) {
        pairs.add(5 * row + column);
      }
    }
    long[] places = pairs.stream().mapToLong(Long::longValue).toArray();
    GraphValue index = n.builder.constant("pairs", torch.tensor(places));
    GraphValue interactions = n.f("index_select", products, 1L, index);
    GraphValue y = n.relu(n.linear(n.cat(1, bottom, interactions), 18, 16));
    return n.output(n.builder.squeeze(n.builder.sigmoid(n.linear(y, 16, 1)), 1));
  }

  /** Scores of all pairs of users and items. */
  static GraphModule twoTowers() {
    Net n = new Net("user", "item");
    GraphValue user = n.linear(n.relu(n.linear(n.input("user"), 12, 16)), 16, 8);
    GraphValue item = n.linear(n.builder.tanh(n.linear(n.input("item"), 9, 16)), 16, 8);
    user = n.f("layer_norm", user, List.of(8L), null, null, 1e-5, false);
    GraphValue norm = n.f("norm.ScalarOpt_dim", item, 2.0, List.of(1L), true);
    item = n.builder.div(item, norm);
    GraphValue scores = n.f("mm", user, n.f("t", item));
    return n.output(scores, user, n.f("argmax", scores, 1L, false));
  }

  /** Experts, and a gate that weighs their outputs; one layer is called on two inputs. */
  static GraphModule mixture() {
    Net n = new Net("x");
    GraphValue x = n.input("x");
    n.builder.child("shared", new LinearImpl(12, 12));
    GraphValue once = n.relu(n.builder.call("shared", x));
    GraphValue twice = n.builder.call("shared", n.add(x, once));
    List<GraphValue> experts = new ArrayList<>();
    for (int expert = 0; expert < 3; expert++) {
      experts.add(n.linear(n.relu(n.linear(twice, 12, 16)), 16, 6));
    }
    GraphValue gate = n.builder.softmax(n.linear(twice, 12, 3), 1);
    GraphValue weighted = n.mul(n.f("stack", experts, 1L), n.builder.unsqueeze(gate, -1));
    return n.output(n.builder.sum(weighted, List.of(1L), false));
  }

  static GraphModule unrolledGru() {
    Net n = new Net("x", "h");
    n.builder.child("of_x", new LinearImpl(8, 36)).child("of_h", new LinearImpl(12, 36));
    GraphValue h = n.input("h");
    for (long step = 0; step < 3; step++) {
      GraphValue x = n.builder.select(n.input("x"), 1, step);
      List<GraphValue> a = n.pieces(n.f("chunk", n.builder.call("of_x", x), 3L, 1L), 3);
      List<GraphValue> b = n.pieces(n.f("chunk", n.builder.call("of_h", h), 3L, 1L), 3);
      GraphValue reset = n.builder.sigmoid(n.add(a.get(0), b.get(0)));
      GraphValue update = n.builder.sigmoid(n.add(a.get(1), b.get(1)));
      GraphValue next = n.builder.tanh(n.add(a.get(2), n.mul(reset, b.get(2))));
      h = n.add(n.mul(n.f("rsub.Scalar", update, 1.0, 1.0), next), n.mul(update, h));
    }
    return n.output(n.linear(h, 12, 4), h);
  }

  /** One encoder for two images, which are compared by their distance. */
  static GraphModule siamese() {
    Net encoder = new Net("x");
    GraphValue y = encoder.relu(encoder.convNorm(encoder.input("x"), 1, 6, Window.of(3).stride(2)));
    y = encoder.relu(encoder.convNorm(y, 6, 8, Window.of(3).stride(2)));
    GraphModule encode = encoder.output(encoder.linear(encoder.builder.flatten(y, 1), 128, 8));
    Net n = new Net("a", "b");
    n.builder.child("encoder", encode);
    GraphValue a = n.builder.call("encoder", n.input("a"));
    GraphValue b = n.builder.call("encoder", n.input("b"));
    GraphValue distance = n.f("abs", n.builder.sub(a, b));
    return n.output(
        n.builder.sigmoid(n.linear(distance, 8, 1)), n.f("cosine_similarity", a, b, 1L, 1e-8));
  }
}
