// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.own;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.bytedeco.pytorch.GLUImpl;
import org.bytedeco.pytorch.GLUOptions;
import org.bytedeco.pytorch.LogSoftmaxImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PReLUImpl;
import org.bytedeco.pytorch.PReLUOptions;
import org.bytedeco.pytorch.RReLUImpl;
import org.bytedeco.pytorch.RReLUOptions;
import org.bytedeco.pytorch.ReLU6Impl;
import org.bytedeco.pytorch.ReLU6Options;
import org.bytedeco.pytorch.Softmax2dImpl;
import org.bytedeco.pytorch.SoftmaxImpl;
import org.bytedeco.pytorch.SoftminImpl;
import org.bytedeco.pytorch.SoftsignImpl;
import org.bytedeco.pytorch.TanhshrinkImpl;

/**
 * Activations along a dimension, those that are written with several operators, and those with a
 * weight or a mode.
 */
final class ComposedActivationLayers {

  private static final long CHANNELS_OF_IMAGE = -3;
  private static final long CHANNELS_OF_BATCH = 1;

  private ComposedActivationLayers() {}

  static void register(Map<String, Family> families) {
    families.put("activation.Softmax", r -> along(r, "aten::softmax", SoftmaxImpl::new));
    families.put("activation.LogSoftmax", r -> along(r, "aten::log_softmax", LogSoftmaxImpl::new));
    families.put("activation.Softmin", ComposedActivationLayers::softmin);
    families.put("activation.Softmax2d", ComposedActivationLayers::softmax2d);
    families.put("activation.GLU", ComposedActivationLayers::glu);
    families.put("activation.ReLU6", ComposedActivationLayers::relu6);
    families.put("activation.Softsign", ComposedActivationLayers::softsign);
    families.put("activation.Tanhshrink", ComposedActivationLayers::tanhshrink);
    families.put("activation.PReLU", ComposedActivationLayers::prelu);
    families.put("activation.RReLU", ComposedActivationLayers::rrelu);
  }

  private static Blueprint along(
      Recording recording, String operator, LongFunction<Module> constructor) {
    Apply softmax = call(recording.value(1), operator);
    input(softmax.argument(0), 0);
    return along(softmax, constructor);
  }

  private static Blueprint along(Apply softmax, LongFunction<Module> constructor) {
    long dim = number(softmax.argument(1), "dimension");
    equal(softmax.argument(2), null, "dtype");
    return Blueprint.of(List.of(dim), () -> constructor.apply(dim));
  }

  private static Blueprint softmin(Recording recording) {
    Apply softmax = call(recording.value(1), "aten::softmax");
    input(call(softmax.argument(0), "aten::neg").argument(0), 0);
    return along(softmax, SoftminImpl::new);
  }

  private static Blueprint softmax2d(Recording recording) {
    Apply softmax = call(recording.value(1, 4), "aten::softmax");
    input(softmax.argument(0), 0);
    if (number(softmax.argument(1), "dimension") != CHANNELS_OF_BATCH) {
      equal(softmax.argument(1), CHANNELS_OF_IMAGE, "dimension");
    }
    equal(softmax.argument(2), null, "dtype");
    return Blueprint.of(List.of(), () -> (Module) new Softmax2dImpl());
  }

  private static Blueprint glu(Recording recording) {
    Apply glu = call(recording.value(1), "aten::glu");
    input(glu.argument(0), 0);
    long dim = number(glu.argument(1), "dimension");
    return Blueprint.of(
        List.of(dim),
        () -> {
          try (GLUOptions options = new GLUOptions(dim)) {
            return new GLUImpl(options);
          }
        });
  }

  /** Versions before 1.9 wrote it as a hardtanh. */
  private static Blueprint relu6(Recording recording) {
    Activation activation = Activation.of(recording, "relu6", "relu6_", "hardtanh", "hardtanh_");
    if (activation.operator().operator.startsWith("aten::hardtanh")) {
      equal(activation.operator().argument(1), 0L, "minimum");
      equal(activation.operator().argument(2), 6L, "maximum");
    }
    return Blueprint.of(
        List.of(activation.inPlace()),
        () -> {
          try (ReLU6Options options = new ReLU6Options(activation.inPlace())) {
            return new ReLU6Impl(options);
          }
        });
  }

  /** x / (|x| + 1). */
  private static Blueprint softsign(Recording recording) {
    Apply quotient = call(recording.value(1), "aten::div");
    input(quotient.argument(0), 0);
    Apply sum = call(quotient.argument(1), "aten::add");
    input(call(sum.argument(0), "aten::abs").argument(0), 0);
    equal(sum.argument(1), 1L, "summand");
    equal(sum.argument(2), 1L, "alpha");
    equal(quotient.argument(2), null, "rounding");
    return Blueprint.of(List.of(), () -> (Module) new SoftsignImpl());
  }

  /** x - tanh(x). */
  private static Blueprint tanhshrink(Recording recording) {
    Apply difference = call(recording.value(1), "aten::sub");
    input(difference.argument(0), 0);
    input(call(difference.argument(1), "aten::tanh").argument(0), 0);
    equal(difference.argument(2), 1L, "alpha");
    return Blueprint.of(List.of(), () -> (Module) new TanhshrinkImpl());
  }

  private static Blueprint prelu(Recording recording) {
    Apply prelu = call(recording.value(1), "aten::prelu");
    input(prelu.argument(0), 0);
    own(prelu.argument(1), "weight");
    long parameters = recording.shape("weight", 1).get(0);
    return Blueprint.of(
            List.of(parameters),
            () -> {
              try (PReLUOptions options = new PReLUOptions()) {
                options.num_parameters().put(parameters);
                return new PReLUImpl(options);
              }
            })
        .withParameter("weight", true);
  }

  private static Blueprint rrelu(Recording recording) {
    Apply training = rrelu(recording, true);
    Apply evaluating = rrelu(recording, false);
    double lower = real(training.argument(1), "lower bound");
    double upper = real(training.argument(2), "upper bound");
    equal(evaluating.argument(1), lower, "lower bound in evaluation");
    equal(evaluating.argument(2), upper, "upper bound in evaluation");
    boolean inPlace = training.operator.endsWith("_");
    return Blueprint.of(
            List.of(lower, upper, inPlace),
            () -> {
              try (RReLUOptions options = new RReLUOptions()) {
                options.lower().put(lower);
                options.upper().put(upper);
                options.inplace().put(inPlace);
                return new RReLUImpl(options);
              }
            })
        .inMode(Modes.of(flag(training.argument(3), "mode"), flag(evaluating.argument(3), "mode")));
  }

  private static Apply rrelu(Recording recording, boolean mode) {
    Meaning meaning = recording.meaning(new Assumptions(1, 0, mode));
    Recording.requireNone(meaning.effects());
    Apply rrelu = call(meaning.output(), "aten::rrelu", "aten::rrelu_");
    input(rrelu.argument(0), 0);
    return rrelu;
  }
}
