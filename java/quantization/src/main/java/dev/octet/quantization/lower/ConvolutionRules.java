// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.module.QuantizedModule;
import dev.octet.runtime.type.ElementType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Convolutions of images and signals. */
final class ConvolutionRules {
  private ConvolutionRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put("aten::conv2d", ConvolutionRules::conv2d);
    rules.put("aten::conv1d", ConvolutionRules::conv1d);
    rules.put("aten::conv_transpose2d", ConvolutionRules::transposedConvolution);
    rules.put("aten::_convolution", ConvolutionRules::anyConvolution);
    rules.put("aten::convolution", ConvolutionRules::anyConvolution);
  }

  private static DraftValue conv2d(Call call) {
    if (call.argument(4) instanceof String) {
      throw new UnsupportedOperator("its padding is given by name in a call of the operator");
    }
    long[] padding = call.integers(4, 2);
    return conv2d(
        call,
        null,
        LayerRules.weights(call, 1, "weight"),
        LayerRules.bias(call, 2),
        new ConvolutionWindow(
            call.integers(3, 2),
            new long[] {padding[0], padding[1], padding[0], padding[1]},
            call.integers(5, 2),
            call.integer(6, 1)));
  }

  private static DraftValue transposedConvolution(Call call) {
    return new TransposedConvolution(
            call.integers(3, 2),
            call.integers(4, 2),
            call.integers(5, 2),
            call.integers(7, 2),
            call.integer(6, 1))
        .lower(call, LayerRules.constant(call, 1, "weight"), LayerRules.bias(call, 2));
  }

  /** Lowers the operator that traces have: plain or transposed, of signals or images. */
  private static DraftValue anyConvolution(Call call) {
    List<Object> named = new ArrayList<>(call.arguments().subList(0, 6));
    if (call.flag(6)) {
      named.addAll(5, Arrays.asList(call.argument(7), call.argument(8)));
      return transposedConvolution(call.with(call.origin(), named));
    }
    named.add(call.argument(8));
    Call plain = call.with(call.origin(), named);
    return call.real(0).sizes().rank() == 3 ? conv1d(plain) : conv2d(plain);
  }

  private static DraftValue conv1d(Call call) {
    if (call.argument(4) instanceof String) {
      throw new UnsupportedOperator("its padding is given by name in a call of the operator");
    }
    try (Tensor weight = LayerRules.constant(call, 1, "weight").unsqueeze(2)) {
      return conv1d(
          call,
          new Weights(null, weight, call.name() + ".weight"),
          LayerRules.bias(call, 2),
          call.integers(3, 1)[0],
          call.integers(4, 1)[0],
          call.integers(5, 1)[0],
          call.integer(6, 1));
    }
  }

  /** Lowers a convolution of signals [N, C, L] as one of images of a single line. */
  static DraftValue conv1d(
      Call call,
      Weights weights,
      DraftValue bias,
      long stride,
      long padding,
      long dilation,
      long groups) {
    DraftValue x = call.real(0);
    if (x.sizes().rank() != 3) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; programs take [N, C, L]");
    }
    long[] ones = new long[call.runs()];
    Arrays.fill(ones, 1);
    Extent one = Extent.of(ones);
    String name = call.name();
    DraftValue lines = ShapeRules.reshape(call, x, name + "_lines", x.sizes().replaced(2, 2, one));
    ConvolutionWindow window =
        new ConvolutionWindow(
            new long[] {1, stride},
            new long[] {0, padding, 0, padding},
            new long[] {1, dilation},
            groups);
    Sizes sizes = call.sizes().replaced(2, 2, one);
    DraftValue out =
        call.finish(
            convolution(call, lines, weights, bias, window),
            name + "_convolved",
            ElementType.F32,
            null,
            sizes);
    return ShapeRules.reshape(call, out, name, call.sizes());
  }

  /** Lowers a convolution of images [N, C, H, W]. */
  static DraftValue conv2d(
      Call call,
      QuantizedModule module,
      Weights weights,
      DraftValue bias,
      ConvolutionWindow window) {
    return conv2d(call, call.real(0), module, weights, bias, window);
  }

  static DraftValue conv2d(
      Call call,
      DraftValue x,
      QuantizedModule module,
      Weights weights,
      DraftValue bias,
      ConvolutionWindow window) {
    if (x.sizes().rank() != 4) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; programs take [N, C, H, W]");
    }
    DraftOperation operation = convolution(call, x, weights, bias, window);
    String name = ActivationQuantization.nameBefore(call, module);
    DraftValue out = call.finish(operation, name, ElementType.F32, null, call.sizes());
    return module == null ? out : ActivationQuantization.output(call, module, out);
  }

  private static DraftOperation convolution(
      Call call, DraftValue x, Weights weights, DraftValue bias, ConvolutionWindow window) {
    boolean integer = x.isOnGrid() && weights.isInteger();
    DraftOperation operation =
        call.operation(integer ? "conv2d" : "conv2d_float")
            .input("x", x)
            .input("bias", bias)
            .set("stride", window.stride())
            .set("padding", window.padding())
            .set("dilation", window.dilation())
            .set("groups", window.groups())
            .set("x_layout", "nchw")
            .set("out_layout", "nchw");
    LayerRules.giveWeights(call, operation, weights);
    if (!integer) {
      LayerRules.explainFloat(call, operation, x, weights);
    }
    return operation;
  }
}
