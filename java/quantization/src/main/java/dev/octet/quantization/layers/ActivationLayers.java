// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.equal;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.CELUImpl;
import org.bytedeco.pytorch.CELUOptions;
import org.bytedeco.pytorch.ELUImpl;
import org.bytedeco.pytorch.ELUOptions;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.GELUOptions;
import org.bytedeco.pytorch.HardshrinkImpl;
import org.bytedeco.pytorch.HardshrinkOptions;
import org.bytedeco.pytorch.HardtanhImpl;
import org.bytedeco.pytorch.HardtanhOptions;
import org.bytedeco.pytorch.LeakyReLUImpl;
import org.bytedeco.pytorch.LeakyReLUOptions;
import org.bytedeco.pytorch.LogSigmoidImpl;
import org.bytedeco.pytorch.MishImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.ReLUOptions;
import org.bytedeco.pytorch.SELUImpl;
import org.bytedeco.pytorch.SELUOptions;
import org.bytedeco.pytorch.SiLUImpl;
import org.bytedeco.pytorch.SigmoidImpl;
import org.bytedeco.pytorch.SoftplusImpl;
import org.bytedeco.pytorch.SoftplusOptions;
import org.bytedeco.pytorch.SoftshrinkImpl;
import org.bytedeco.pytorch.SoftshrinkOptions;
import org.bytedeco.pytorch.TanhImpl;
import org.bytedeco.pytorch.ThresholdImpl;
import org.bytedeco.pytorch.ThresholdOptions;

/** Activations that are one operator on each element. */
final class ActivationLayers {

  private ActivationLayers() {}

  static void register(Map<String, Family> families) {
    plain(families, "Sigmoid", "sigmoid", SigmoidImpl::new);
    plain(families, "Tanh", "tanh", TanhImpl::new);
    plain(families, "LogSigmoid", "log_sigmoid", LogSigmoidImpl::new);
    add(families, "GELU", "gelu", ActivationLayers::gelu);
    add(families, "Softplus", "softplus", ActivationLayers::softplus);
    add(families, "Hardshrink", "hardshrink", ActivationLayers::hardshrink);
    add(families, "Softshrink", "softshrink", ActivationLayers::softshrink);
    addInPlace(families, "SiLU", "silu", ActivationLayers::silu);
    addInPlace(families, "Mish", "mish", ActivationLayers::mish);
    addInPlace(families, "ReLU", "relu", ActivationLayers::relu);
    addInPlace(families, "LeakyReLU", "leaky_relu", ActivationLayers::leakyRelu);
    addInPlace(families, "ELU", "elu", ActivationLayers::elu);
    addInPlace(families, "SELU", "selu", ActivationLayers::selu);
    addInPlace(families, "CELU", "celu", ActivationLayers::celu);
    addInPlace(families, "Hardtanh", "hardtanh", ActivationLayers::hardtanh);
    addInPlace(families, "Threshold", "threshold", ActivationLayers::threshold);
  }

  private static void addInPlace(
      Map<String, Family> families,
      String name,
      String operator,
      BiFunction<Activation, Boolean, Blueprint> reader) {
    families.put(
        "activation." + name,
        recording -> {
          Activation activation = Activation.of(recording, operator, operator + "_");
          return reader.apply(activation, activation.inPlace());
        });
  }

  private static void add(
      Map<String, Family> families,
      String name,
      String operator,
      Function<Activation, Blueprint> reader) {
    families.put(
        "activation." + name, recording -> reader.apply(Activation.of(recording, operator)));
  }

  private static void plain(
      Map<String, Family> families, String name, String operator, Supplier<Module> constructor) {
    add(families, name, operator, activation -> Blueprint.of(List.of(), constructor));
  }

  private static Blueprint silu(Activation activation, boolean inPlace) {
    return Blueprint.of(List.of(inPlace), inPlace ? InPlaceSiLU::new : SiLUImpl::new);
  }

  private static Blueprint mish(Activation activation, boolean inPlace) {
    return Blueprint.of(List.of(inPlace), inPlace ? InPlaceMish::new : MishImpl::new);
  }

  private static Blueprint relu(Activation activation, boolean inPlace) {
    return Blueprint.of(
        List.of(inPlace),
        () -> {
          try (ReLUOptions options = new ReLUOptions(inPlace)) {
            return new ReLUImpl(options);
          }
        });
  }

  private static Blueprint gelu(Activation activation) {
    String approximate = Match.text(activation.operator().argument(1), "approximation");
    return Blueprint.of(
        List.of(approximate),
        () -> {
          try (GELUOptions options = new GELUOptions()) {
            options.approximate(approximate);
            return new GELUImpl(options);
          }
        });
  }

  private static Blueprint leakyRelu(Activation activation, boolean inPlace) {
    double slope = activation.real(1, "slope");
    return Blueprint.of(
        List.of(slope, inPlace),
        () -> {
          try (LeakyReLUOptions options = new LeakyReLUOptions()) {
            options.negative_slope().put(slope);
            options.inplace().put(inPlace);
            return new LeakyReLUImpl(options);
          }
        });
  }

  private static Blueprint elu(Activation activation, boolean inPlace) {
    double alpha = activation.real(1, "alpha");
    equal(activation.operator().argument(2), 1L, "scale");
    equal(activation.operator().argument(3), 1L, "scale of the input");
    return Blueprint.of(
        List.of(alpha, inPlace),
        () -> {
          try (ELUOptions options = new ELUOptions()) {
            options.alpha().put(alpha);
            options.inplace().put(inPlace);
            return new ELUImpl(options);
          }
        });
  }

  private static Blueprint selu(Activation activation, boolean inPlace) {
    return Blueprint.of(
        List.of(inPlace),
        () -> {
          try (SELUOptions options = new SELUOptions(inPlace)) {
            return new SELUImpl(options);
          }
        });
  }

  private static Blueprint celu(Activation activation, boolean inPlace) {
    double alpha = activation.real(1, "alpha");
    return Blueprint.of(
        List.of(alpha, inPlace),
        () -> {
          try (CELUOptions options = new CELUOptions()) {
            options.alpha().put(alpha);
            options.inplace().put(inPlace);
            return new CELUImpl(options);
          }
        });
  }

  private static Blueprint hardtanh(Activation activation, boolean inPlace) {
    double min = activation.real(1, "minimum");
    double max = activation.real(2, "maximum");
    return Blueprint.of(
        List.of(min, max, inPlace),
        () -> {
          try (HardtanhOptions options = new HardtanhOptions()) {
            options.min_val().put(min);
            options.max_val().put(max);
            options.inplace().put(inPlace);
            return new HardtanhImpl(options);
          }
        });
  }

  private static Blueprint softplus(Activation activation) {
    double beta = activation.real(1, "beta");
    double threshold = activation.real(2, "threshold");
    return Blueprint.of(
        List.of(beta, threshold),
        () -> {
          try (SoftplusOptions options = new SoftplusOptions()) {
            options.beta().put(beta);
            options.threshold().put(threshold);
            return new SoftplusImpl(options);
          }
        });
  }

  private static Blueprint threshold(Activation activation, boolean inPlace) {
    double threshold = activation.real(1, "threshold");
    double value = activation.real(2, "value");
    return Blueprint.of(
        List.of(threshold, value, inPlace),
        () -> {
          try (ThresholdOptions options = new ThresholdOptions(threshold, value)) {
            options.inplace().put(inPlace);
            return new ThresholdImpl(options);
          }
        });
  }

  private static Blueprint hardshrink(Activation activation) {
    double lambda = activation.real(1, "lambda");
    return Blueprint.of(
        List.of(lambda),
        () -> {
          try (HardshrinkOptions options = new HardshrinkOptions(lambda)) {
            return new HardshrinkImpl(options);
          }
        });
  }

  private static Blueprint softshrink(Activation activation) {
    double lambda = activation.real(1, "lambda");
    return Blueprint.of(
        List.of(lambda),
        () -> {
          try (SoftshrinkOptions options = new SoftshrinkOptions(lambda)) {
            return new SoftshrinkImpl(options);
          }
        });
  }
}
