// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv1dOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A graph in the making: layers with random weights, which get the next number as a name where none
 * is given.
 */
final class Net {
  /** The shape of a convolution. */
  record Window(long kernel, long stride, long padding, long dilation, long groups) {
    static Window of(long kernel) {
      return new Window(kernel, 1, kernel / 2, 1, 1);
    }

    Window stride(long other) {
      return new Window(kernel, other, padding, dilation, groups);
    }

    Window groups(long other) {
      return new Window(kernel, stride, padding, dilation, other);
    }

    /** Pads so that sizes stay, or as much as given. */
    Window dilation(long other) {
      return new Window(kernel, stride, padding * other, other, groups);
    }

    Window padding(long other) {
      return new Window(kernel, stride, other, dilation, groups);
    }
  }

  final GraphBuilder builder;
  private int layers;

  Net(String... inputs) {
    builder = GraphModule.builder(inputs);
  }

  GraphValue input(String name) {
    return builder.input(name);
  }

  GraphModule output(Object... values) {
    GraphModule model = builder.output(values).build();
    model.eval();
    return model;
  }

  GraphValue layer(Module module, Object... arguments) {
    return builder.call("layer" + layers++, module, arguments);
  }

  GraphValue f(String operator, Object... arguments) {
    return builder.function("aten::" + operator, arguments);
  }

  static Conv2dImpl convolution(long in, long out, Window w, boolean bias) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(w.kernel, w.kernel));
    options.stride().put(new long[] {w.stride, w.stride});
    options.padding().put(new LongPointer(w.padding, w.padding));
    options.dilation().put(new long[] {w.dilation, w.dilation});
    options.groups().put(w.groups);
    options.bias().put(bias);
    return new Conv2dImpl(options);
  }

  GraphValue conv(GraphValue x, long in, long out, Window window) {
    return layer(convolution(in, out, window, true), x);
  }

  /** A convolution without a bias, and a batch normalization. */
  GraphValue convNorm(GraphValue x, long in, long out, Window window) {
    return norm2d(layer(convolution(in, out, window, false), x), out);
  }

  GraphValue conv1d(GraphValue x, long in, long out, Window w) {
    Conv1dOptions options = new Conv1dOptions(in, out, new LongPointer(1).put(w.kernel));
    options.stride().put(w.stride);
    options.padding().put(new LongPointer(1).put(w.padding));
    options.dilation().put(w.dilation);
    options.groups().put(w.groups);
    return layer(new Conv1dImpl(options), x);
  }

  GraphValue norm2d(GraphValue x, long channels) {
    BatchNorm2dImpl norm = new BatchNorm2dImpl(new BatchNormOptions(channels));
    trained(norm.weight(), norm.bias(), norm.running_mean(), norm.running_var());
    return layer(norm, x);
  }

  GraphValue norm1d(GraphValue x, long channels) {
    BatchNorm1dImpl norm = new BatchNorm1dImpl(new BatchNormOptions(channels));
    trained(norm.weight(), norm.bias(), norm.running_mean(), norm.running_var());
    return layer(norm, x);
  }

  /** Statistics and factors as after training; some factors are negative. */
  private static void trained(Tensor weight, Tensor bias, Tensor mean, Tensor variance) {
    long channels = weight.numel();
    weight.copy_(torch.randn(channels).mul(new Scalar(0.5)).add(new Scalar(1.0)));
    bias.copy_(torch.randn(channels));
    mean.copy_(torch.randn(channels).mul(new Scalar(0.3)));
    variance.copy_(torch.rand(channels).add(new Scalar(0.2)));
  }

  GraphValue layerNorm(GraphValue x, long... shape) {
    LayerNormImpl norm = new LayerNormImpl(new LayerNormOptions(new LongVector(shape)));
    norm.weight().copy_(torch.randn(shape));
    norm.bias().copy_(torch.randn(shape));
    return layer(norm, x);
  }

  GraphValue linear(GraphValue x, long in, long out) {
    return layer(new LinearImpl(in, out), x);
  }

  GraphValue linearWithoutBias(GraphValue x, long in, long out) {
    LinearOptions options = new LinearOptions(in, out);
    options.bias().put(false);
    return layer(new LinearImpl(options), x);
  }

  GraphValue embedding(GraphValue ids, long count, long width) {
    return layer(new EmbeddingImpl(count, width), ids);
  }

  GraphValue parameter(String name, long... shape) {
    return builder.parameter(name, torch.randn(shape));
  }

  GraphValue relu(GraphValue x) {
    return builder.relu(x);
  }

  GraphValue add(GraphValue a, GraphValue b) {
    return builder.add(a, b);
  }

  GraphValue mul(GraphValue a, GraphValue b) {
    return builder.mul(a, b);
  }

  GraphValue cat(long dim, GraphValue... parts) {
    return builder.cat(dim, parts);
  }

  /** The mean over height and width, [N, C]. */
  GraphValue pooled(GraphValue x) {
    return builder.flatten(f("adaptive_avg_pool2d", x, List.of(1L, 1L)), 1);
  }

  GraphValue maxPool(GraphValue x, long kernel, long stride, long padding) {
    return f(
        "max_pool2d",
        x,
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(padding, padding));
  }

  GraphValue avgPool(GraphValue x, long kernel, long stride, long padding) {
    return f(
        "avg_pool2d",
        x,
        List.of(kernel, kernel),
        List.of(stride, stride),
        List.of(padding, padding));
  }

  List<GraphValue> pieces(GraphValue list, int count) {
    return IntStream.range(0, count).mapToObj(i -> builder.item(list, i)).toList();
  }

  static Map<String, Long> sizes(Object... pairs) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      sizes.put((String) pairs[i], ((Number) pairs[i + 1]).longValue());
    }
    return sizes;
  }
}
