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
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
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
    if (geometry.borderMode() != null) {
      throw new UnsupportedOperator(
          "it pads by " + geometry.borderMode() + "; programs pad with zeros");
    }
    try (Tensor weight = layer.weight();
        Tensor bias = layer.bias()) {
      long[] dilation = geometry.dilation();
      return LayerRules.conv2d(
          call,
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

  private static DraftValue normalization(
      Call call, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps) {
    if (!mean.defined() || !variance.defined()) {
      throw new UnsupportedOperator("it has no running statistics, and normalizes by each batch");
    }
    try (Scalar epsilon = new Scalar(eps);
        Tensor shifted = variance.add(epsilon);
        Tensor inverse = shifted.rsqrt();
        Tensor factors = weight.defined() ? inverse.mul(weight) : new Tensor(inverse);
        Tensor scaledMean = mean.mul(factors);
        Tensor offsets = bias.defined() ? bias.sub(scaledMean) : scaledMean.neg()) {
      return LayerRules.scaleChannels(call, factors, offsets);
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
}
