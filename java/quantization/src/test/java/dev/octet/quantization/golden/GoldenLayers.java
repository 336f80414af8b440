// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.*;
import org.bytedeco.pytorch.Module;

/** Makes the presets' module for a torch.nn type name and its constructor arguments. */
public final class GoldenLayers {

  private GoldenLayers() {}

  /**
   * Make a layer with any parameter values.
   *
   * @param type the name of a class of torch.nn
   * @param json its constructor arguments by name, or null for none
   */
  public static Module create(String type, JsonNode json) {
    LayerArgs args = new LayerArgs(json);
    return switch (type) {
      case "Linear" -> new LinearImpl(linear(args));
      case "SubLinear" -> new SubLinear(linear(args));
      case "Conv1d" -> conv1d(args);
      case "Conv2d" -> conv2d(args);
      case "BatchNorm1d" -> new BatchNorm1dImpl(batchNorm(args));
      case "BatchNorm2d" -> new BatchNorm2dImpl(batchNorm(args));
      case "LayerNorm" -> layerNorm(args);
      case "Embedding" -> embedding(args);
      case "MaxPool1d" -> maxPool1d(args);
      case "MaxPool2d" -> maxPool2d(args);
      case "AvgPool1d" -> avgPool1d(args);
      case "AvgPool2d" -> avgPool2d(args);
      case "AdaptiveAvgPool1d" -> new AdaptiveAvgPool1dImpl(args.pointer("output_size", 1, 1));
      case "AdaptiveAvgPool2d" -> new AdaptiveAvgPool2dImpl(optionals(args, "output_size", 2));
      case "Dropout" -> new DropoutImpl(dropout(args));
      case "Dropout2d" -> new Dropout2dImpl(dropout(args));
      case "Flatten" -> flatten(args);
      case "Identity" -> new IdentityImpl();
      case "Softmax" -> new SoftmaxImpl(args.number("dim", -1));
      case "LogSoftmax" -> new LogSoftmaxImpl(args.number("dim", -1));
      case "ReLU" -> relu(args);
      case "ReLU6" -> relu6(args);
      case "GELU" -> gelu(args);
      case "Tanh" -> new TanhImpl();
      case "Sigmoid" -> new SigmoidImpl();
      case "SiLU" -> new SiLUImpl();
      case "Mish" -> new MishImpl();
      case "Softplus" -> softplus(args);
      case "ELU" -> elu(args);
      case "LeakyReLU" -> leakyRelu(args);
      case "Hardtanh" -> hardtanh(args);
      default -> throw new IllegalArgumentException("no layer for the type '" + type + "'");
    };
  }

  private static LinearOptions linear(LayerArgs args) {
    LinearOptions options =
        new LinearOptions(args.number("in_features"), args.number("out_features"));
    options.bias().put(args.flag("bias", true));
    return options;
  }

  private static Module conv1d(LayerArgs args) {
    Conv1dOptions options =
        new Conv1dOptions(
            args.number("in_channels"),
            args.number("out_channels"),
            args.pointer("kernel_size", 1, 1));
    args.set(options.stride(), "stride", 1);
    args.set(options.dilation(), "dilation", 1);
    options.groups().put(args.number("groups", 1));
    options.bias().put(args.flag("bias", true));
    paddingMode(options.padding_mode(), args);
    if (!args.isText("padding")) {
      options.padding().put(args.pointer("padding", 1, 0));
    } else if (args.text("padding", "").equals("same")) {
      options.padding().put(new kSame());
    } else {
      options.padding().put(new kValid());
    }
    return new Conv1dImpl(options);
  }

  private static Module conv2d(LayerArgs args) {
    Conv2dOptions options =
        new Conv2dOptions(
            args.number("in_channels"),
            args.number("out_channels"),
            args.pointer("kernel_size", 2, 1));
    args.set(options.stride(), "stride", 2);
    args.set(options.dilation(), "dilation", 2);
    options.groups().put(args.number("groups", 1));
    options.bias().put(args.flag("bias", true));
    paddingMode(options.padding_mode(), args);
    if (!args.isText("padding")) {
      options.padding().put(args.pointer("padding", 2, 0));
    } else if (args.text("padding", "").equals("same")) {
      options.padding().put(new kSame());
    } else {
      options.padding().put(new kValid());
    }
    return new Conv2dImpl(options);
  }

  private static void paddingMode(ConvPaddingMode mode, LayerArgs args) {
    switch (args.text("padding_mode", "zeros")) {
      case "zeros" -> mode.put(new kZeros());
      case "reflect" -> mode.put(new kReflect());
      case "replicate" -> mode.put(new kReplicate());
      case "circular" -> mode.put(new kCircular());
      default -> throw new IllegalArgumentException("padding_mode in " + args.json());
    }
  }

  private static BatchNormOptions batchNorm(LayerArgs args) {
    BatchNormOptions options = new BatchNormOptions(args.number("num_features"));
    options.eps().put(args.real("eps", 1e-5));
    boolean cumulative = args.json() != null && args.json().path("momentum").isNull();
    if (cumulative) {
      options.momentum().reset();
    } else {
      options.momentum().put(args.real("momentum", 0.1));
    }
    options.affine().put(args.flag("affine", true));
    options.track_running_stats().put(args.flag("track_running_stats", true));
    return options;
  }

  private static Module layerNorm(LayerArgs args) {
    LayerNormOptions options = new LayerNormOptions(new LongVector(args.list("normalized_shape")));
    options.eps().put(args.real("eps", 1e-5));
    options.elementwise_affine().put(args.flag("elementwise_affine", true));
    return new LayerNormImpl(options);
  }

  private static Module embedding(LayerArgs args) {
    EmbeddingOptions options =
        new EmbeddingOptions(args.number("num_embeddings"), args.number("embedding_dim"));
    if (args.has("padding_idx")) {
      options.padding_idx().put(args.number("padding_idx"));
    }
    if (args.has("max_norm")) {
      options.max_norm().put(args.real("max_norm", 0));
    }
    options.norm_type().put(args.real("norm_type", 2));
    options.scale_grad_by_freq().put(args.flag("scale_grad_by_freq", false));
    options.sparse().put(args.flag("sparse", false));
    return new EmbeddingImpl(options);
  }

  private static Module maxPool1d(LayerArgs args) {
    MaxPool1dOptions options = new MaxPool1dOptions(args.pointer("kernel_size", 1, 1));
    args.set(options.stride(), "stride", 1);
    args.set(options.padding(), "padding", 1);
    args.set(options.dilation(), "dilation", 1);
    options.ceil_mode().put(args.flag("ceil_mode", false));
    return new MaxPool1dImpl(options);
  }

  private static Module maxPool2d(LayerArgs args) {
    MaxPool2dOptions options = new MaxPool2dOptions(args.pointer("kernel_size", 2, 1));
    args.set(options.stride(), "stride", 2);
    args.set(options.padding(), "padding", 2);
    args.set(options.dilation(), "dilation", 2);
    options.ceil_mode().put(args.flag("ceil_mode", false));
    return new MaxPool2dImpl(options);
  }

  private static Module avgPool1d(LayerArgs args) {
    AvgPool1dOptions options = new AvgPool1dOptions(args.pointer("kernel_size", 1, 1));
    args.set(options.stride(), "stride", 1);
    args.set(options.padding(), "padding", 1);
    options.ceil_mode().put(args.flag("ceil_mode", false));
    options.count_include_pad().put(args.flag("count_include_pad", true));
    return new AvgPool1dImpl(options);
  }

  private static Module avgPool2d(LayerArgs args) {
    AvgPool2dOptions options = new AvgPool2dOptions(args.pointer("kernel_size", 2, 1));
    args.set(options.stride(), "stride", 2);
    args.set(options.padding(), "padding", 2);
    options.ceil_mode().put(args.flag("ceil_mode", false));
    options.count_include_pad().put(args.flag("count_include_pad", true));
    if (args.has("divisor_override")) {
      options.divisor_override().put(args.number("divisor_override"));
    }
    return new AvgPool2dImpl(options);
  }

  /** std::optional of a 64-bit integer is 16 bytes, and the presets have no array of them. */
  private static LongOptional optionals(LayerArgs args, String name, int dims) {
    LongOptional first = new LongOptional(Pointer.calloc(dims, 16));
    JsonNode given = args.json().get(name);
    for (int i = 0; i < dims; i++) {
      JsonNode value = given.isArray() ? given.get(i) : given;
      if (!value.isNull()) {
        long number = value.asLong();
        new LongPointer(first).getPointer(2L * i).put(0, number);
        new org.bytedeco.javacpp.BytePointer(first).put(16L * i + 8, (byte) 1);
      }
    }
    return first;
  }

  private static DropoutOptions dropout(LayerArgs args) {
    DropoutOptions options = new DropoutOptions(args.real("p", 0.5));
    options.inplace().put(args.flag("inplace", false));
    return options;
  }

  private static Module flatten(LayerArgs args) {
    FlattenOptions options = new FlattenOptions();
    options.start_dim().put(args.number("start_dim", 1));
    options.end_dim().put(args.number("end_dim", -1));
    return new FlattenImpl(options);
  }

  private static Module relu(LayerArgs args) {
    ReLUOptions options = new ReLUOptions();
    options.inplace().put(args.flag("inplace", false));
    return new ReLUImpl(options);
  }

  private static Module relu6(LayerArgs args) {
    ReLU6Options options = new ReLU6Options();
    options.inplace().put(args.flag("inplace", false));
    return new ReLU6Impl(options);
  }

  private static Module gelu(LayerArgs args) {
    GELUOptions options = new GELUOptions();
    options.approximate(args.text("approximate", "none"));
    return new GELUImpl(options);
  }

  private static Module softplus(LayerArgs args) {
    SoftplusOptions options = new SoftplusOptions();
    options.beta().put(args.real("beta", 1));
    options.threshold().put(args.real("threshold", 20));
    return new SoftplusImpl(options);
  }

  private static Module elu(LayerArgs args) {
    ELUOptions options = new ELUOptions();
    options.alpha().put(args.real("alpha", 1));
    options.inplace().put(args.flag("inplace", false));
    return new ELUImpl(options);
  }

  private static Module leakyRelu(LayerArgs args) {
    LeakyReLUOptions options = new LeakyReLUOptions();
    options.negative_slope().put(args.real("negative_slope", 0.01));
    options.inplace().put(args.flag("inplace", false));
    return new LeakyReLUImpl(options);
  }

  private static Module hardtanh(LayerArgs args) {
    HardtanhOptions options = new HardtanhOptions();
    options.min_val().put(args.real("min_val", -1));
    options.max_val().put(args.real("max_val", 1));
    options.inplace().put(args.flag("inplace", false));
    return new HardtanhImpl(options);
  }
}
