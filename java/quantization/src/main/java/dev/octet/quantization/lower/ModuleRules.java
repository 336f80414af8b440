// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.module.Conv2dGeometry;
import dev.octet.quantization.module.QuantBatchNorm2d;
import dev.octet.quantization.module.QuantizedActivation;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.JavaSequential;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.DetailConv1dOptions;
import org.bytedeco.pytorch.DetailConv2dOptions;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.InstanceNorm1dImpl;
import org.bytedeco.pytorch.InstanceNorm2dImpl;
import org.bytedeco.pytorch.InstanceNormOptions;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PReLUImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Calls of modules: layers with weights here, others by {@link PlainModules}. */
final class ModuleRules {
  private ModuleRules() {}

  /** Lowers a call of a module. */
  static Object apply(Call call, Module module) {
    if (module instanceof QuantizedInputModule wrapper) {
      DraftValue input = call.value(0);
      QuantizedActivation quantizer = wrapper.inputQuantizer();
      DraftValue quantized =
          quantizer.quantizesActivations()
              ? ActivationQuantization.quantize(
                  call.with(origin(call, "input quantizer"), call.arguments()),
                  quantizer.activationQuantizer().orElseThrow(),
                  call.real(input))
              : input;
      List<Object> arguments = new ArrayList<>(call.arguments());
      arguments.set(0, quantized);
      Module inner = wrapper.facadeInner();
      return apply(call.with(origin(call, ModuleTypes.typeName(inner)), arguments), inner);
    }
    if (module instanceof QuantBatchNorm2d wrapper) {
      Module inner = wrapper.facadeInner();
      if (inner instanceof ChildHolder) {
        throw new UnsupportedOperator(
            "it quantizes the output of a container of modules as a whole",
            "give the container's layers configurations of their own, or quantize the input of"
                + " what follows '"
                + call.origin().path()
                + "'");
      }
      Object output =
          apply(call.with(origin(call, ModuleTypes.typeName(inner)), call.arguments()), inner);
      return ActivationQuantization.output(call, wrapper.outputQuantizer(), call.real(output));
    }
    if (module instanceof QuantizedActivation quantizer) {
      return ActivationQuantization.output(call, quantizer, call.real(0));
    }
    return layer(call, module);
  }

  private static Origin origin(Call call, String what) {
    return new Origin(call.origin().path(), what, call.origin().source(), true);
  }

  private static Object layer(Call call, Module module) {
    QuantizedModule quantized = module instanceof QuantizedModule each ? each : null;
    if (module instanceof LinearImpl linear) {
      try (Tensor weight = linear.weight();
          Tensor bias = linear.bias()) {
        return LayerRules.linear(
            call, quantized, weights(call, quantized, weight), bias(call, bias));
      }
    }
    if (module instanceof Conv2dImpl convolution) {
      return convolution(call, quantized, convolution);
    }
    if (module instanceof Conv1dImpl convolution) {
      return signal(call, convolution);
    }
    if (module instanceof ConvTranspose2dImpl convolution) {
      DetailConv2dOptions options = convolution.options();
      try (Tensor weight = convolution.weight();
          Tensor bias = convolution.bias()) {
        return new TransposedConvolution(
                pair(options.stride()),
                pair(options.padding().get0()),
                pair(options.output_padding()),
                pair(options.dilation()),
                options.groups().get())
            .lower(call, weight, bias(call, bias));
      }
    }
    if (module instanceof GroupNormImpl norm) {
      try (Tensor weight = norm.weight();
          Tensor bias = norm.bias()) {
        return ComposedRules.groupNorm(
            call,
            norm.options().num_groups().get(),
            ComposedRules.parameter(call, weight, "weight"),
            ComposedRules.parameter(call, bias, "bias"),
            norm.options().eps().get());
      }
    }
    if (module instanceof InstanceNorm2dImpl norm) {
      return instances(
          call,
          2,
          norm.options(),
          new Tensor[] {norm.weight(), norm.bias(), norm.running_mean(), norm.running_var()});
    }
    if (module instanceof InstanceNorm1dImpl norm) {
      return instances(
          call,
          1,
          norm.options(),
          new Tensor[] {norm.weight(), norm.bias(), norm.running_mean(), norm.running_var()});
    }
    if (module instanceof PReLUImpl prelu) {
      try (Tensor weight = prelu.weight()) {
        return ComposedRules.prelu(call, ComposedRules.parameter(call, weight, "weight"));
      }
    }
    if (module instanceof LayerNormImpl norm) {
      try (Tensor weight = norm.weight();
          Tensor bias = norm.bias()) {
        return LayerRules.norm(
            call,
            "layer_norm",
            quantized,
            norm.options().normalized_shape().get().length,
            weight.defined() ? weights(call, quantized, weight).floats(call) : null,
            bias(call, bias),
            norm.options().eps().get());
      }
    }
    if (module instanceof EmbeddingImpl embedding) {
      if (embedding.options().max_norm().has_value()) {
        throw new UnsupportedOperator(
            "it has a max_norm, which changes rows as they are looked up",
            "renormalize the table once, before conversion, and leave max_norm out");
      }
      try (Tensor weight = embedding.weight()) {
        return LayerRules.embedding(call, weights(call, quantized, weight));
      }
    }
    if (module instanceof EmbeddingBagImpl bag) {
      return BagRules.module(call, bag);
    }
    if (module instanceof BatchNorm2dImpl norm) {
      return normalization(
          call,
          norm.weight(),
          norm.bias(),
          norm.running_mean(),
          norm.running_var(),
          norm.options().eps().get());
    }
    if (module instanceof BatchNorm1dImpl norm) {
      return normalization(
          call,
          norm.weight(),
          norm.bias(),
          norm.running_mean(),
          norm.running_var(),
          norm.options().eps().get());
    }
    if (module instanceof JavaSequential chain) {
      return chain(call, chain);
    }
    if (RecurrentModules.has(module)) {
      return RecurrentModules.apply(call, module);
    }
    return PlainModules.apply(call, module);
  }

  private static Weights weights(Call call, QuantizedModule module, Tensor weight) {
    return new Weights(module, weight, call.origin().path() + ".weight");
  }

  private static DraftValue bias(Call call, Tensor bias) {
    if (!bias.defined()) {
      return null;
    }
    String name = call.origin().path() + ".bias";
    return call.constants().shared(name, () -> call.constants().plain(name, bias, call.runs()));
  }

  private static DraftValue convolution(Call call, QuantizedModule module, Conv2dImpl layer) {
    Conv2dGeometry geometry = Conv2dGeometry.of(layer.options());
    try (Tensor weight = layer.weight();
        Tensor bias = layer.bias()) {
      long[] dilation = geometry.dilation();
      return ConvolutionRules.conv2d(
          call,
          bordered(call, geometry),
          module,
          weights(call, module, weight),
          bias(call, bias),
          new ConvolutionWindow(
              geometry.stride(),
              geometry.zeros(weight.size(2), weight.size(3)),
              dilation,
              geometry.groups()));
    }
  }

  /** Returns the input with the border that a convolution makes of it, if it makes one. */
  private static DraftValue bordered(Call call, Conv2dGeometry geometry) {
    DraftValue x = call.real(0);
    if (geometry.borderMode() == null) {
      return x;
    }
    long[] border = geometry.border();
    Sizes sizes = x.sizes();
    int rank = sizes.rank();
    Sizes padded =
        sizes.replaced(
            rank - 2,
            rank,
            wider(sizes.get(rank - 2), sizes.runs(), border[2] + border[3]),
            wider(sizes.get(rank - 1), sizes.runs(), border[0] + border[1]));
    return PaddingRules.pad(
        call, x, border, geometry.borderMode(), 0, call.name() + "_bordered", padded);
  }

  private static Extent wider(Extent size, int runs, long more) {
    long[] wider = new long[runs];
    for (int run = 0; run < runs; run++) {
      wider[run] = size.run(run) + more;
    }
    return Extent.of(wider);
  }

  private static DraftValue signal(Call call, Conv1dImpl layer) {
    DetailConv1dOptions options = layer.options();
    if (!isZeroPadding(options)) {
      throw new UnsupportedOperator("it pads by name, or with other numbers than zeros");
    }
    try (Tensor given = layer.weight();
        Tensor weight = given.unsqueeze(2);
        Tensor bias = layer.bias()) {
      return ConvolutionRules.conv1d(
          call,
          weights(call, null, weight),
          bias(call, bias),
          options.stride().get(),
          options.padding().get0().get(),
          options.dilation().get(),
          options.groups().get());
    }
  }

  /** The presets don't map which alternative is set: others throw. */
  private static boolean isZeroPadding(DetailConv1dOptions options) {
    try {
      options.padding().get0();
      options.padding_mode().get0();
      return true;
    } catch (RuntimeException otherAlternative) {
      return false;
    }
  }

  /**
   * Lowers a normalization of [N, C, ...], or [C, ...].
   *
   * @param places dimensions behind the channels
   * @param parameters weight, bias, running mean and variance, which are closed
   */
  private static DraftValue instances(
      Call call, int places, InstanceNormOptions options, Tensor[] parameters) {
    try (Tensor weight = parameters[0];
        Tensor bias = parameters[1];
        Tensor mean = parameters[2];
        Tensor variance = parameters[3]) {
      double eps = options.eps().get();
      return mean.defined()
          ? normalization(call, places, weight, bias, mean, variance, eps)
          : ComposedRules.instances(
              call,
              places,
              ComposedRules.parameter(call, weight, "weight"),
              ComposedRules.parameter(call, bias, "bias"),
              eps);
    }
  }

  /** Lowers a batch normalization of [N, C, ...] by running statistics. */
  static DraftValue normalization(
      Call call, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps) {
    int places = call.sizes().rank() - 2;
    return normalization(call, places, weight, bias, mean, variance, eps);
  }

  private static DraftValue normalization(
      Call call, int places, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps) {
    if (!mean.defined() || !variance.defined()) {
      throw new UnsupportedOperator("it has no running statistics, and normalizes by each batch");
    }
    try (Scalar epsilon = new Scalar(eps);
        Tensor shifted = variance.add(epsilon);
        Tensor inverse = shifted.rsqrt();
        Tensor factors = weight.defined() ? inverse.mul(weight) : new Tensor(inverse);
        Tensor scaledMean = mean.mul(factors);
        Tensor offsets = bias.defined() ? bias.sub(scaledMean) : scaledMean.neg()) {
      return LayerRules.scaleChannels(call, places, factors, offsets);
    }
  }

  /** A chain inside of a wrapper, which is not written out with the graph. */
  private static Object chain(Call call, JavaSequential chain) {
    Map<String, Module> children = ((ChildHolder) chain).childObjects();
    if (children.size() != 1) {
      throw new UnsupportedOperator(
          "it is a chain of modules behind a quantizer of its input",
          "put the input quantizer in front of the chain's first module: '"
              + call.origin().path()
              + "."
              + children.keySet().stream().findFirst().orElse("0")
              + "'");
    }
    Map.Entry<String, Module> only = children.entrySet().iterator().next();
    Origin origin =
        new Origin(
            call.origin().path() + "." + only.getKey(),
            ModuleTypes.typeName(only.getValue()),
            call.origin().source(),
            true);
    return apply(call.with(origin, call.arguments()), only.getValue());
  }

  private static long[] pair(LongPointer numbers) {
    return new long[] {numbers.get(0), numbers.get(1)};
  }
}
