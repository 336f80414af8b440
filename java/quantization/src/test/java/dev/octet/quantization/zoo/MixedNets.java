// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.InstanceNorm1dImpl;
import org.bytedeco.pytorch.InstanceNormOptions;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Networks of layers of different kinds: speech, written lines, boxes and places in images. */
final class MixedNets {
  private static final long WIDTH = 16;
  private static final long FLOAT = ScalarType.Float.value;

  private MixedNets() {}

  static List<ZooModel> all() {
    return List.of(
        ZooModel.of("conformer", MixedNets::conformer)
            .floats("x", "batch", "frames", 8)
            .example("batch", 3, "frames", 14)
            .run("batch", 1, "frames", 9)
            .run("batch", 2, "frames", 20),
        ZooModel.of("crnn", MixedNets::crnn)
            .floats("x", "batch", 1, 16, "width")
            .example("batch", 2, "width", 40)
            .run("batch", 1, "width", 24)
            .run("batch", 3, "width", 33),
        ZooModel.of("yolo_grid", MixedNets::yoloGrid)
            .floats("x", "batch", 3, 24, 16)
            .example("batch", 3)
            .run("batch", 1)
            .run("batch", 2),
        ZooModel.of("speaker", MixedNets::speaker)
            .floats("x", 6, "frames")
            .example("frames", 30)
            .run("frames", 12)
            .run("frames", 47));
  }

  /** Half a step of a feed-forward layer, attention, a convolution behind a gate, half a step. */
  static GraphModule conformer() {
    Net n = new Net("x");
    GraphValue x = n.linear(n.input("x"), 8, WIDTH);
    for (int block = 0; block < 2; block++) {
      x = n.add(x, n.builder.mul(feedForward(n, x), 0.5));
      GraphValue y = n.layerNorm(x, WIDTH);
      List<GraphValue> each = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        GraphValue part = n.builder.reshape(n.linear(y, WIDTH, WIDTH), 0, 0, 4, WIDTH / 4);
        each.add(n.builder.permute(part, 0, 2, 1, 3));
      }
      y =
          n.f(
              "scaled_dot_product_attention",
              each.get(0),
              each.get(1),
              each.get(2),
              null,
              0.0,
              false);
      y = n.builder.reshape(n.builder.permute(y, 0, 2, 1, 3), 0, 0, WIDTH);
      x = n.add(x, n.linear(y, WIDTH, WIDTH));
      y = n.builder.transpose(n.layerNorm(x, WIDTH), 1, 2);
      y = n.f("glu", n.conv1d(y, WIDTH, 2 * WIDTH, Window.of(1)), 1L);
      y = n.norm1d(n.conv1d(y, WIDTH, WIDTH, Window.of(5).groups(WIDTH)), WIDTH);
      y = n.conv1d(n.builder.silu(y), WIDTH, WIDTH, Window.of(1));
      x = n.add(x, n.builder.transpose(y, 1, 2));
      x = n.layerNorm(n.add(x, n.builder.mul(feedForward(n, x), 0.5)), WIDTH);
    }
    return n.output(n.f("log_softmax.int", n.linear(x, WIDTH, 11), -1L, null));
  }

  private static GraphValue feedForward(Net n, GraphValue x) {
    GraphValue y = n.builder.silu(n.linear(n.layerNorm(x, WIDTH), WIDTH, 2 * WIDTH));
    return n.linear(y, 2 * WIDTH, WIDTH);
  }

  /** Columns of an image as steps of layers that read them forwards and backwards. */
  static GraphModule crnn() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 1, 6, Window.of(3)));
    y = n.maxPool(y, 2, 2, 0);
    y = n.relu(n.convNorm(y, 6, 8, Window.of(3)));
    y = n.f("max_pool2d", y, List.of(8L, 1L), List.of(8L, 1L), List.of(0L, 0L));
    y = n.builder.permute(n.builder.squeeze(y, 2), 2, 0, 1);
    LSTMOptions options = new LSTMOptions(8, 6);
    options.bidirectional().put(true);
    y = n.builder.item(n.layer(new LSTMImpl(options), y), 0);
    y = n.builder.item(n.layer(new GRUImpl(new GRUOptions(12, 8)), y), 0);
    return n.output(n.f("log_softmax.int", n.linear(y, 8, 10), 2L, null));
  }

  /** Boxes from distances in steps, which are expected over bins, around places of a grid. */
  static GraphModule yoloGrid() {
    Net n = new Net("x");
    GraphValue small = n.builder.silu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    GraphValue large = n.builder.silu(n.convNorm(small, 8, 8, Window.of(3).stride(2)));
    GraphValue up = n.f("upsample_nearest2d.vec", large, null, List.of(2.0, 2.0));
    small = n.builder.silu(n.convNorm(n.cat(1, small, up), 16, 8, Window.of(1)));
    List<GraphValue> maps = List.of(small, large);
    List<GraphValue> numbers = new ArrayList<>();
    List<GraphValue> anchors = new ArrayList<>();
    List<GraphValue> strides = new ArrayList<>();
    for (int level = 0; level < 2; level++) {
      GraphValue map = n.conv(maps.get(level), 8, 4 * 5 + 3, Window.of(1));
      numbers.add(n.f("view", map, List.of(n.builder.size(map, 0), 23L, -1L)));
      GraphValue x = n.builder.add(real(n, n.builder.positions(map, 3)), 0.5);
      GraphValue y = n.builder.add(real(n, n.builder.positions(map, 2)), 0.5);
      GraphValue grid = n.f("meshgrid.indexing", List.of(y, x), "ij");
      List<GraphValue> both = n.pieces(grid, 2);
      GraphValue pairs = n.f("stack", List.of(both.get(1), both.get(0)), -1L);
      anchors.add(n.f("view", pairs, List.of(-1L, 2L)));
      GraphValue ones = n.f("ones_like", anchors.get(level), null, null, null, null, null);
      strides.add(n.builder.mul(n.builder.slice(ones, 1, 0, 1), 2.0 * (level + 1)));
    }
    GraphValue all = n.cat(2, numbers.toArray(new GraphValue[0]));
    GraphValue anchor = n.builder.transpose(n.cat(0, anchors.toArray(new GraphValue[0])), 0, 1);
    GraphValue stride = n.builder.transpose(n.cat(0, strides.toArray(new GraphValue[0])), 0, 1);
    List<GraphValue> parts = n.pieces(n.f("split_with_sizes", all, List.of(20L, 3L), 1L), 2);
    GraphValue bins =
        n.f("view", parts.get(0), List.of(n.builder.size(all, 0), 4L, 5L, n.builder.size(all, 2)));
    bins = n.builder.softmax(n.builder.transpose(bins, 2, 1), 1);
    GraphValue steps = n.f("arange", 5L, FLOAT, null, null, null);
    GraphValue distance =
        n.builder.sum(n.mul(bins, n.f("view", steps, List.of(1L, 5L, 1L, 1L))), List.of(1L), false);
    List<GraphValue> corners = n.pieces(n.f("chunk", distance, 2L, 1L), 2);
    GraphValue first = n.builder.sub(anchor, corners.get(0));
    GraphValue second = n.add(anchor, corners.get(1));
    GraphValue centre = n.builder.div(n.add(first, second), 2.0);
    GraphValue boxes = n.mul(n.cat(1, centre, n.builder.sub(second, first)), stride);
    return n.output(n.cat(1, boxes, n.builder.sigmoid(parts.get(1))));
  }

  private static GraphValue real(Net n, GraphValue places) {
    return n.f("to.dtype", places, FLOAT, false, false, null);
  }

  /** One recording without a batch: channels, frames. */
  static GraphModule speaker() {
    Net n = new Net("x");
    InstanceNormOptions options = new InstanceNormOptions(6);
    options.affine().put(true);
    GraphValue y = n.layer(new InstanceNorm1dImpl(options), n.input("x"));
    y = n.relu(n.linear(n.builder.transpose(y, 0, 1), 6, WIDTH));
    GraphValue weights = n.builder.softmax(n.linear(n.builder.tanh(y), WIDTH, 1), 0);
    GraphValue mean = n.builder.sum(n.mul(y, weights), List.of(0L), false);
    GraphValue squares = n.builder.sum(n.mul(n.mul(y, y), weights), List.of(0L), false);
    GraphValue spread = n.builder.sub(squares, n.mul(mean, mean));
    GraphValue deviation = n.f("sqrt", n.f("clamp_min", spread, 1e-9));
    return n.output(n.linear(n.cat(0, mean, deviation), 2 * WIDTH, 7));
  }
}
