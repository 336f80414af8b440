// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose2dOptions;
import org.bytedeco.pytorch.ELUImpl;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.InstanceNorm2dImpl;
import org.bytedeco.pytorch.InstanceNormOptions;
import org.bytedeco.pytorch.LeakyReLUImpl;
import org.bytedeco.pytorch.LeakyReLUOptions;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.MaxPool2dOptions;
import org.bytedeco.pytorch.MishImpl;
import org.bytedeco.pytorch.PReLUImpl;
import org.bytedeco.pytorch.PixelShuffleImpl;
import org.bytedeco.pytorch.PixelShuffleOptions;
import org.bytedeco.pytorch.ReflectionPad2dImpl;
import org.bytedeco.pytorch.TanhImpl;
import org.bytedeco.pytorch.global.torch;

/** Networks that make images of images: segmentation, detection, other resolutions and styles. */
final class ImageToImageNets {
  private ImageToImageNets() {}

  static List<ZooModel> all() {
    return List.of(
        fixed("unet", ImageToImageNets::unet, 20, 28),
        fixed("unet_upsample", ImageToImageNets::unetUpsample, 16, 24),
        fixed("fpn", ImageToImageNets::fpn, 17, 18),
        fixed("deeplab", ImageToImageNets::deepLab, 17, 19),
        fixed("style", ImageToImageNets::style, 12, 16),
        fixed("gan", ImageToImageNets::generator, 4, 5),
        fixed("yolo", ImageToImageNets::yolo, 16, 20),
        fixed("hourglass", ImageToImageNets::hourglass, 16, 16),
        free("super_resolution", ImageToImageNets::superResolution),
        free("denoiser", ImageToImageNets::denoiser),
        free("free_classifier", ImageToImageNets::freeClassifier));
  }

  private static ZooModel fixed(String name, Supplier<GraphModule> build, int height, int width) {
    return ZooModel.of(name, build)
        .floats("x", "batch", 3, height, width)
        .example("batch", 2)
        .run("batch", 1)
        .run("batch", 3)
        .run("batch", 0);
  }

  /** With images of any size. */
  private static ZooModel free(String name, Supplier<GraphModule> build) {
    return ZooModel.of(name, build)
        .floats("x", "batch", 3, "height", "width")
        .example("batch", 2, "height", 16, "width", 20)
        .run("batch", 1, "height", 16, "width", 20)
        .run("batch", 2, "height", 7, "width", 31)
        .run("batch", 3, "height", 9, "width", 9);
  }

  private static GraphValue doubled(Net n, GraphValue x, long in, long out) {
    GraphValue y = n.relu(n.convNorm(x, in, out, Window.of(3)));
    return n.relu(n.convNorm(y, out, out, Window.of(3)));
  }

  private static ConvTranspose2dImpl transposed(
      long in, long out, long kernel, long padding, long more, long groups) {
    ConvTranspose2dOptions options =
        new ConvTranspose2dOptions(in, out, new LongPointer(kernel, kernel));
    options.stride().put(new long[] {2, 2});
    options.padding().put(new long[] {padding, padding});
    options.output_padding().put(new long[] {more, more});
    options.groups().put(groups);
    return new ConvTranspose2dImpl(options);
  }

  static GraphModule unet() {
    Net n = new Net("x");
    GraphValue a = doubled(n, n.input("x"), 3, 8);
    GraphValue b =
        doubled(
            n, n.layer(new MaxPool2dImpl(new MaxPool2dOptions(new LongPointer(2, 2))), a), 8, 12);
    GraphValue c = doubled(n, n.maxPool(b, 2, 2, 0), 12, 16);
    GraphValue y = n.layer(transposed(16, 12, 2, 0, 0, 1), c);
    y = doubled(n, n.cat(1, b, y), 24, 12);
    y = n.layer(transposed(12, 8, 3, 1, 1, 4), y);
    y = doubled(n, n.cat(1, y, a), 16, 8);
    return n.output(n.conv(y, 8, 4, Window.of(1)));
  }

  static GraphModule unetUpsample() {
    Net n = new Net("x");
    GraphValue a = doubled(n, n.input("x"), 3, 8);
    GraphValue b = doubled(n, n.maxPool(a, 2, 2, 0), 8, 12);
    GraphValue c = doubled(n, n.maxPool(b, 2, 2, 0), 12, 16);
    GraphValue y = n.f("upsample_bilinear2d.vec", c, null, true, List.of(2.0, 2.0));
    y = doubled(n, n.cat(1, b, y), 28, 12);
    y = n.f("upsample_nearest2d.vec", y, null, List.of(2.0, 2.0));
    y = doubled(n, n.cat(1, a, y), 20, 8);
    return n.output(n.f("softmax.int", n.conv(y, 8, 4, Window.of(1)), 1L, null));
  }

  /** Levels of odd sizes, enlarged to that of the level below. */
  static GraphModule fpn() {
    Net n = new Net("x");
    List<GraphValue> levels = new ArrayList<>();
    GraphValue y = n.input("x");
    long in = 3;
    for (long out : new long[] {8, 12, 16}) {
      y = n.relu(n.convNorm(y, in, out, Window.of(3).stride(2)));
      levels.add(n.conv(y, out, 8, Window.of(1)));
      in = out;
    }
    List<Object> outputs = new ArrayList<>();
    GraphValue top = levels.get(2);
    outputs.add(n.conv(top, 8, 8, Window.of(3)));
    for (int level = 1; level >= 0; level--) {
      GraphValue below = levels.get(level);
      List<GraphValue> size = List.of(n.builder.size(below, 2), n.builder.size(below, 3));
      top = n.add(below, n.f("upsample_nearest2d.vec", top, size, null));
      outputs.add(n.conv(top, 8, 8, Window.of(3)));
    }
    outputs.add(n.maxPool((GraphValue) outputs.get(0), 1, 2, 0));
    return n.output(outputs.toArray());
  }

  static GraphModule deepLab() {
    Net n = new Net("x");
    GraphValue x = n.relu(n.convNorm(n.input("x"), 3, 12, Window.of(3).stride(2)));
    List<GraphValue> branches = new ArrayList<>();
    branches.add(n.relu(n.convNorm(x, 12, 6, Window.of(1))));
    for (long dilation : new long[] {2, 3}) {
      branches.add(n.relu(n.convNorm(x, 12, 6, Window.of(3).dilation(dilation))));
    }
    GraphValue all = n.f("adaptive_avg_pool2d", x, List.of(1L, 1L));
    all = n.relu(n.convNorm(all, 12, 6, Window.of(1)));
    List<GraphValue> size = List.of(n.builder.size(x, 2), n.builder.size(x, 3));
    branches.add(n.f("upsample_bilinear2d.vec", all, size, false, null));
    GraphValue y =
        n.relu(n.convNorm(n.cat(1, branches.toArray(new GraphValue[0])), 24, 8, Window.of(1)));
    y = n.conv(y, 8, 5, Window.of(1));
    GraphValue image = n.input("x");
    List<GraphValue> full = List.of(n.builder.size(image, 2), n.builder.size(image, 3));
    return n.output(n.f("upsample_bilinear2d.vec", y, full, false, null));
  }

  static GraphModule style() {
    Net n = new Net("x");
    GraphValue y = n.layer(new ReflectionPad2dImpl(new LongPointer(2, 2, 2, 2)), n.input("x"));
    y = n.conv(y, 3, 8, Window.of(5).padding(0));
    y = n.relu(n.layer(new InstanceNorm2dImpl(new InstanceNormOptions(8)), y));
    for (int block = 0; block < 2; block++) {
      GraphValue z =
          n.conv(
              n.f("reflection_pad2d", y, List.of(1L, 1L, 1L, 1L)), 8, 8, Window.of(3).padding(0));
      z = n.layer(new GroupNormImpl(2, 8), z);
      z = n.layer(new LeakyReLUImpl(new LeakyReLUOptions()), z);
      y = n.add(y, z);
    }
    y = n.conv(n.f("upsample_nearest2d.vec", y, null, List.of(2.0, 2.0)), 8, 8, Window.of(3));
    return n.output(n.layer(new TanhImpl(), n.conv(n.relu(y), 8, 3, Window.of(3))));
  }

  static GraphModule generator() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.norm2d(n.layer(transposed(3, 16, 4, 1, 0, 1), n.input("x")), 16));
    y = n.f("leaky_relu", n.norm2d(n.layer(transposed(16, 8, 3, 1, 1, 2), y), 8), 0.2);
    y = n.layer(new ELUImpl(), n.conv(y, 8, 8, Window.of(3)));
    return n.output(n.builder.tanh(n.layer(transposed(8, 3, 4, 1, 0, 1), y)));
  }

  static GraphModule yolo() {
    Net n = new Net("x");
    GraphValue y = n.layer(new MishImpl(), n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    GraphValue part = n.layer(new MishImpl(), n.convNorm(y, 8, 8, Window.of(1)));
    List<GraphValue> halves = n.pieces(n.f("split.Tensor", part, 4L, 1L), 2);
    GraphValue z = n.builder.silu(n.convNorm(halves.get(1), 4, 4, Window.of(3)));
    z = n.add(z, n.builder.silu(n.convNorm(z, 4, 4, Window.of(3))));
    y = n.cat(1, halves.get(0), halves.get(1), z);
    y = n.builder.silu(n.convNorm(y, 12, 8, Window.of(1)));
    GraphValue a = n.maxPool(y, 5, 1, 2);
    GraphValue b = n.maxPool(a, 5, 1, 2);
    y = n.f("leaky_relu", n.convNorm(n.cat(1, y, a, b), 24, 8, Window.of(1)), 0.1);
    GraphValue small =
        n.conv(n.builder.silu(n.convNorm(y, 8, 8, Window.of(3).stride(2))), 8, 14, Window.of(1));
    GraphValue large = n.conv(y, 8, 14, Window.of(1));
    List<GraphValue> rows = new ArrayList<>();
    for (GraphValue map : List.of(large, small)) {
      // [N, 2 boxes, 7 numbers, H, W] as rows of numbers, of which the first two say where.
      GraphValue boxes = n.f("unflatten.int", map, 1L, List.of(2L, 7L));
      boxes = n.builder.permute(boxes, 0, 1, 3, 4, 2);
      boxes = n.f("flatten.using_ints", boxes, 1L, 3L);
      GraphValue places =
          n.builder.affine(n.builder.sigmoid(n.builder.slice(boxes, 2, 0, 2)), 2.0, -0.5);
      GraphValue sizes =
          n.f("pow.Tensor_Scalar", n.builder.sigmoid(n.builder.slice(boxes, 2, 2, 4)), 2.0);
      GraphValue scores = n.builder.sigmoid(n.f("slice.Tensor", boxes, 2L, 4L, null, 1L));
      rows.add(n.cat(-1, places, sizes, scores));
    }
    return n.output(n.cat(1, rows.toArray(new GraphValue[0])));
  }

  static GraphModule hourglass() {
    Net n = new Net("x");
    GraphValue x = n.layer(new PReLUImpl(), n.convNorm(n.input("x"), 3, 8, Window.of(3)));
    GraphValue down = n.maxPool(x, 2, 2, 0);
    down = n.relu(n.convNorm(down, 8, 8, Window.of(3)));
    GraphValue deep = n.relu(n.convNorm(n.avgPool(down, 2, 2, 0), 8, 8, Window.of(3)));
    deep = n.f("upsample_nearest2d.vec", deep, null, List.of(2.0, 2.0));
    GraphValue up =
        n.f("upsample_bilinear2d.vec", n.add(down, deep), null, false, List.of(2.0, 2.0));
    GraphValue heat = n.conv(n.add(up, x), 8, 4, Window.of(1));
    GraphValue flat = n.f("flatten.using_ints", heat, 2L, 3L);
    GraphValue weights = n.builder.softmax(flat, -1);
    GraphValue columns = n.builder.constant("grid", torch.randn(256));
    GraphValue expected = n.builder.sum(n.mul(weights, columns), List.of(-1L), false);
    return n.output(heat, expected, n.f("amax", flat, List.of(-1L)));
  }

  static GraphModule superResolution() {
    Net n = new Net("x");
    GraphValue x = n.layer(new PReLUImpl(), n.conv(n.input("x"), 3, 8, Window.of(5)));
    GraphValue y = n.add(x, n.conv(n.relu(n.conv(x, 8, 8, Window.of(3))), 8, 8, Window.of(3)));
    y = n.layer(new PixelShuffleImpl(new PixelShuffleOptions(2)), n.conv(y, 8, 16, Window.of(3)));
    y = n.f("clamp", n.conv(y, 4, 3, Window.of(3)), -1.0, 1.0);
    return n.output(n.f("pixel_unshuffle", y, 2L));
  }

  static GraphModule denoiser() {
    Net n = new Net("x");
    GraphValue x = n.input("x");
    GraphValue y = n.f("hardtanh", n.conv(x, 3, 8, Window.of(3)), -2.0, 2.0);
    y = n.f("softplus", n.convNorm(y, 8, 8, Window.of(3).dilation(2)), 1.0, 20.0);
    y = n.conv(n.f("elu", y, 1.0), 8, 3, Window.of(3));
    return n.output(n.builder.sub(x, y));
  }

  static GraphModule freeClassifier() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    y = n.relu(n.convNorm(n.maxPool(y, 2, 1, 0), 8, 12, Window.of(3)));
    GraphValue top = n.f("adaptive_max_pool2d", y, List.of(1L, 1L));
    GraphValue greatest = n.builder.flatten(n.builder.item(top, 0), 1);
    GraphValue mean = n.pooled(y);
    return n.output(n.linear(n.cat(1, mean, greatest), 24, 9));
  }
}
