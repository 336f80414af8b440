// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.zoo.Net.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.ReLU6Impl;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.SiLUImpl;

/** Classifiers of images as they are published, with few channels. */
final class ConvNets {
  private ConvNets() {}

  static List<ZooModel> all() {
    return List.of(
        image("vgg", ConvNets::vgg, 18, 18),
        image("resnet", ConvNets::resnet, 19, 23),
        image("resnext", ConvNets::resnext, 17, 15),
        image("mobilenet_v2", ConvNets::mobileNetV2, 17, 19),
        image("mobilenet_v3", ConvNets::mobileNetV3, 19, 17),
        image("efficientnet", ConvNets::efficientNet, 15, 17),
        image("shufflenet_v2", ConvNets::shuffleNet, 16, 17),
        image("densenet", ConvNets::denseNet, 17, 16),
        image("inception", ConvNets::inception, 17, 15),
        image("squeezenet", ConvNets::squeezeNet, 19, 19),
        image("convnext", ConvNets::convNext, 16, 20),
        image("regnet", ConvNets::regNet, 17, 17));
  }

  private static ZooModel image(String name, Supplier<GraphModule> build, int height, int width) {
    return ZooModel.of(name, build)
        .floats("x", "batch", 3, height, width)
        .example("batch", 4)
        .run("batch", 1)
        .run("batch", 3)
        .run("batch", 0);
  }

  static GraphModule vgg() {
    Net n = new Net("x");
    GraphValue y = n.input("x");
    long in = 3;
    for (long out : new long[] {8, 12}) {
      y = n.layer(new ReLUImpl(), n.convNorm(y, in, out, Window.of(3)));
      y = n.maxPool(n.relu(n.conv(y, out, out, Window.of(3))), 2, 2, 0);
      in = out;
    }
    y = n.builder.flatten(n.f("adaptive_avg_pool2d", y, List.of(2L, 2L)), 1);
    y = n.layer(new DropoutImpl(0.5), n.relu(n.linear(y, 48, 20)));
    return n.output(n.linear(y, 20, 7));
  }

  private static GraphValue bottleneck(
      Net n, GraphValue x, long in, long width, long out, long stride, long groups) {
    GraphValue y = n.relu(n.convNorm(x, in, width, Window.of(1)));
    y = n.relu(n.convNorm(y, width, width, Window.of(3).stride(stride).groups(groups)));
    y = n.convNorm(y, width, out, Window.of(1));
    GraphValue shortcut =
        in == out && stride == 1 ? x : n.convNorm(x, in, out, Window.of(1).stride(stride));
    return n.f("relu_", n.f("add_.Tensor", y, shortcut, 1L));
  }

  static GraphModule resnet() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(7).stride(2)));
    y = n.maxPool(y, 3, 2, 1);
    y = bottleneck(n, y, 8, 4, 16, 1, 1);
    y = bottleneck(n, y, 16, 4, 16, 1, 1);
    y = bottleneck(n, y, 16, 8, 24, 2, 1);
    return n.output(n.linear(n.pooled(y), 24, 10));
  }

  static GraphModule resnext() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    y = bottleneck(n, y, 8, 16, 16, 1, 4);
    y = bottleneck(n, y, 16, 24, 16, 2, 8);
    return n.output(n.linear(n.pooled(y), 16, 10));
  }

  private static GraphValue inverted(
      Net n, GraphValue x, long in, long out, long expansion, long stride) {
    long width = in * expansion;
    GraphValue y = x;
    if (expansion != 1) {
      y = n.layer(new ReLU6Impl(), n.convNorm(y, in, width, Window.of(1)));
    }
    y = n.convNorm(y, width, width, Window.of(3).stride(stride).groups(width));
    y = n.convNorm(n.layer(new ReLU6Impl(), y), width, out, Window.of(1));
    return stride == 1 && in == out ? n.add(x, y) : y;
  }

  static GraphModule mobileNetV2() {
    Net n = new Net("x");
    GraphValue y = n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2));
    y = inverted(n, n.layer(new ReLU6Impl(), y), 8, 8, 1, 1);
    y = inverted(n, y, 8, 12, 6, 2);
    y = inverted(n, y, 12, 12, 6, 1);
    y = n.layer(new ReLU6Impl(), n.convNorm(y, 12, 32, Window.of(1)));
    y = n.builder.mean(y, List.of(2L, 3L), false);
    return n.output(n.linear(n.layer(new DropoutImpl(0.2), y), 32, 10));
  }

  /** Squeeze and excitation: a factor for each channel of each image. */
  private static GraphValue excited(Net n, GraphValue x, long channels, boolean hard) {
    GraphValue s = n.f("adaptive_avg_pool2d", x, List.of(1L, 1L));
    s = n.conv(s, channels, 4, Window.of(1));
    s = n.conv(hard ? n.relu(s) : n.layer(new SiLUImpl(), s), 4, channels, Window.of(1));
    return n.mul(hard ? n.f("hardsigmoid", s) : n.f("sigmoid", s), x);
  }

  static GraphModule mobileNetV3() {
    Net n = new Net("x");
    GraphValue y = n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2));
    y = n.f("hardswish", y);
    for (int block = 0; block < 2; block++) {
      GraphValue z = n.f("hardswish", n.convNorm(y, 8, 24, Window.of(1)));
      z = n.f("hardswish_", n.convNorm(z, 24, 24, Window.of(5).groups(24)));
      z = n.convNorm(excited(n, z, 24, true), 24, 8, Window.of(1));
      y = n.add(y, z);
    }
    y = n.f("hardswish", n.convNorm(y, 8, 32, Window.of(1)));
    y = n.f("hardswish", n.linear(n.pooled(y), 32, 24));
    return n.output(n.linear(y, 24, 10));
  }

  static GraphModule efficientNet() {
    Net n = new Net("x");
    GraphValue y = n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2));
    y = n.layer(new SiLUImpl(), y);
    for (int block = 0; block < 2; block++) {
      GraphValue z = n.builder.silu(n.convNorm(y, 8, 32, Window.of(1)));
      z = n.builder.silu(n.convNorm(z, 32, 32, Window.of(3 + 2 * block).groups(32)));
      z = n.convNorm(excited(n, z, 32, false), 32, 8, Window.of(1));
      y = n.add(z, y);
    }
    y = n.layer(new SiLUImpl(), n.convNorm(y, 8, 40, Window.of(1)));
    return n.output(n.linear(n.pooled(y), 40, 10));
  }

  /** Channels of two halves in turn. */
  private static GraphValue shuffled(Net n, GraphValue x, long channels) {
    GraphValue height = n.builder.size(x, 2);
    GraphValue width = n.builder.size(x, 3);
    GraphValue batch = n.builder.size(x, 0);
    GraphValue y = n.f("view", x, List.of(batch, 2L, channels / 2, height, width));
    y = n.f("contiguous", n.builder.transpose(y, 1, 2));
    return n.f("view", y, List.of(batch, channels, height, width));
  }

  static GraphModule shuffleNet() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    y = n.maxPool(y, 3, 2, 1);
    GraphValue left = n.convNorm(y, 8, 8, Window.of(3).stride(2).groups(8));
    left = n.relu(n.convNorm(left, 8, 8, Window.of(1)));
    GraphValue right = n.relu(n.convNorm(y, 8, 8, Window.of(1)));
    right = n.convNorm(right, 8, 8, Window.of(3).stride(2).groups(8));
    right = n.relu(n.convNorm(right, 8, 8, Window.of(1)));
    y = shuffled(n, n.cat(1, left, right), 16);
    List<GraphValue> halves = n.pieces(n.f("chunk", y, 2L, 1L), 2);
    GraphValue z = n.relu(n.convNorm(halves.get(1), 8, 8, Window.of(1)));
    z = n.convNorm(z, 8, 8, Window.of(3).groups(8));
    z = n.relu(n.convNorm(z, 8, 8, Window.of(1)));
    y = n.f("channel_shuffle", n.cat(1, halves.get(0), z), 2L);
    y = n.relu(n.convNorm(y, 16, 24, Window.of(1)));
    return n.output(n.linear(n.builder.mean(y, List.of(2L, 3L), false), 24, 10));
  }

  /** Layers that take all that was made before; batch normalizations stand before convolutions. */
  static GraphModule denseNet() {
    Net n = new Net("x");
    GraphValue first = n.conv(n.input("x"), 3, 8, Window.of(3).stride(2));
    List<GraphValue> made = new ArrayList<>(List.of(first));
    long channels = 8;
    for (int layer = 0; layer < 3; layer++) {
      GraphValue all = n.cat(1, made.toArray(new GraphValue[0]));
      GraphValue y = n.conv(n.relu(n.norm2d(all, channels)), channels, 16, Window.of(1));
      made.add(n.conv(n.relu(n.norm2d(y, 16)), 16, 4, Window.of(3)));
      channels += 4;
    }
    GraphValue y = n.cat(1, made.toArray(new GraphValue[0]));
    y = n.avgPool(n.conv(n.relu(n.norm2d(y, channels)), channels, 10, Window.of(1)), 2, 2, 0);
    y = n.relu(n.norm2d(y, 10));
    return n.output(n.linear(n.pooled(y), 10, 6));
  }

  static GraphModule inception() {
    Net n = new Net("x");
    GraphValue x = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    GraphValue a = n.relu(n.convNorm(x, 8, 6, Window.of(1)));
    GraphValue b = n.relu(n.convNorm(x, 8, 4, Window.of(1)));
    b = n.relu(n.convNorm(b, 4, 8, Window.of(3)));
    GraphValue c = n.relu(n.convNorm(x, 8, 4, Window.of(1)));
    c = n.relu(n.convNorm(c, 4, 4, Window.of(5)));
    GraphValue d = n.relu(n.convNorm(n.avgPool(x, 3, 1, 1), 8, 4, Window.of(1)));
    GraphValue y = n.cat(1, a, b, c, d);
    GraphValue e = n.relu(n.convNorm(y, 22, 8, Window.of(3).stride(2).padding(0)));
    y = n.cat(1, e, n.maxPool(y, 3, 2, 0));
    GraphValue first = n.linear(n.pooled(y), 30, 10);
    return n.output(first);
  }

  static GraphModule squeezeNet() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.conv(n.input("x"), 3, 8, Window.of(3).stride(2).padding(0)));
    y =
        n.f(
            "max_pool2d",
            y,
            List.of(3L, 3L),
            List.of(2L, 2L),
            List.of(0L, 0L),
            List.of(1L, 1L),
            true);
    long in = 8;
    for (int fire = 0; fire < 2; fire++) {
      y = n.relu(n.conv(y, in, 4, Window.of(1)));
      GraphValue a = n.relu(n.conv(y, 4, 8, Window.of(1)));
      y = n.cat(1, a, n.relu(n.conv(y, 4, 8, Window.of(3))));
      in = 16;
    }
    y = n.relu(n.conv(n.layer(new DropoutImpl(0.5), y), 16, 10, Window.of(1)));
    return n.output(n.pooled(y));
  }

  static GraphModule convNext() {
    Net n = new Net("x");
    GraphValue y = n.conv(n.input("x"), 3, 16, new Window(4, 4, 0, 1, 1));
    y = n.builder.permute(n.layerNorm(n.builder.permute(y, 0, 2, 3, 1), 16), 0, 3, 1, 2);
    for (int block = 0; block < 2; block++) {
      GraphValue z = n.conv(y, 16, 16, Window.of(7).groups(16));
      z = n.layerNorm(n.builder.permute(z, 0, 2, 3, 1), 16);
      z = n.linear(n.builder.gelu(n.linear(z, 16, 64)), 64, 16);
      z = n.mul(n.parameter("scale" + block, 16), z);
      y = n.add(y, n.builder.permute(z, 0, 3, 1, 2));
    }
    y = n.layerNorm(n.builder.mean(y, List.of(-2L, -1L), false), 16);
    return n.output(n.linear(y, 16, 10));
  }

  static GraphModule regNet() {
    Net n = new Net("x");
    GraphValue y = n.relu(n.convNorm(n.input("x"), 3, 8, Window.of(3).stride(2)));
    GraphValue z = n.relu(n.convNorm(y, 8, 16, Window.of(1)));
    z = n.relu(n.convNorm(z, 16, 16, Window.of(3).stride(2).groups(2)));
    z = n.convNorm(excited(n, z, 16, true), 16, 16, Window.of(1));
    y = n.relu(n.add(n.convNorm(y, 8, 16, Window.of(1).stride(2)), z));
    return n.output(n.linear(n.pooled(y), 16, 5));
  }
}
