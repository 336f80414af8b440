// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.Locale;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScriptTypeParser;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch;

/**
 * Layers with random weights, in the form in which tracing torchvision's models in eval mode leaves
 * them in TorchScript files.
 */
final class ScriptLayers {
  private ScriptLayers() {}

  static JitModule conv(int in, int out, int kernel, int stride, int padding, int groups) {
    return conv(in, out, kernel, stride, padding, groups, "None");
  }

  /** A convolution of 1 x 1. */
  static JitModule convWithBias(int in, int out) {
    return conv(in, out, 1, 1, 0, 1, "self.bias");
  }

  private static JitModule conv(
      int in, int out, int kernel, int stride, int padding, int groups, String bias) {
    JitModule conv = module("torch.nn.modules.conv.Conv2d");
    if (!bias.equals("None")) {
      try (Tensor zeros = torch.zeros(out)) {
        conv.register_parameter("bias", zeros, false);
      }
    }
    double deviation = Math.sqrt(2.0 * groups / (in * kernel * kernel));
    try (Tensor weight = torch.randn(out, in / groups, kernel, kernel);
        Scalar scale = new Scalar(deviation);
        Tensor scaled = weight.mul(scale)) {
      conv.register_parameter("weight", scaled, false);
    }
    conv.define(
        String.format(
            Locale.ROOT,
            """
            def forward(self, input):
                return torch._convolution(input, self.weight, %4$s, [%1$d, %1$d], [%2$d, %2$d],
                                          [1, 1], False, [0, 0], %3$d, False, False, True, True)
            """,
            stride,
            padding,
            groups,
            bias));
    return conv;
  }

  static JitModule batchNorm(int channels) {
    JitModule norm = module("torch.nn.modules.batchnorm.BatchNorm2d");
    try (Tensor weight = torch.ones(channels);
        Tensor bias = torch.zeros(channels);
        Tensor mean = torch.zeros(channels);
        Tensor variance = torch.ones(channels)) {
      norm.register_parameter("weight", weight, false);
      norm.register_parameter("bias", bias, false);
      norm.register_buffer("running_mean", mean);
      norm.register_buffer("running_var", variance);
    }
    norm.define(
        """
        def forward(self, input):
            return torch.batch_norm(input, self.weight, self.bias, self.running_mean,
                                    self.running_var, False, 0.1, 1e-05, True)
        """);
    return norm;
  }

  static JitModule linear(int in, int out) {
    JitModule linear = module("torch.nn.modules.linear.Linear");
    try (Tensor weight = torch.randn(out, in);
        Scalar scale = new Scalar(1 / Math.sqrt(in));
        Tensor scaled = weight.mul(scale);
        Tensor bias = torch.zeros(out)) {
      linear.register_parameter("weight", scaled, false);
      linear.register_parameter("bias", bias, false);
    }
    linear.define(
        """
        def forward(self, input):
            return torch.linear(input, self.weight, self.bias)
        """);
    return linear;
  }

  static JitModule relu() {
    return module("torch.nn.modules.activation.ReLU", "return torch.relu_(input)");
  }

  static JitModule relu6() {
    return module("torch.nn.modules.activation.ReLU6", "return torch.relu6_(input)");
  }

  static JitModule hardswish() {
    return module("torch.nn.modules.activation.Hardswish", "return torch.hardswish_(input)");
  }

  /** The mean of each channel. */
  static JitModule globalPool() {
    return module(
        "torch.nn.modules.pooling.AdaptiveAvgPool2d",
        "return torch.adaptive_avg_pool2d(input, [1, 1])");
  }

  /** Modules one after the other, "0" and so on. */
  static JitModule sequential(String className, JitModule... modules) {
    JitModule sequential = module(className);
    StringBuilder forward = new StringBuilder("def forward(self, input):\n");
    for (int i = 0; i < modules.length; i++) {
      sequential.register_module(Integer.toString(i), modules[i]);
      forward.append("    input = getattr(self, \"").append(i).append("\").forward(input)\n");
    }
    sequential.define(forward.append("    return input\n").toString());
    return sequential;
  }

  static JitModule sequential(JitModule... modules) {
    return sequential("torch.nn.modules.container.Sequential", modules);
  }

  static JitModule maxPool() {
    return module(
        "torch.nn.modules.pooling.MaxPool2d",
        "return torch.max_pool2d(input, [3, 3], [2, 2], [1, 1], [1, 1], False)");
  }

  static JitModule module(String className, String result) {
    JitModule module = module(className);
    module.define("def forward(self, input):\n    " + result + "\n");
    return module;
  }

  static JitModule module(String className) {
    try (QualifiedName name = new QualifiedName("__torch__." + className);
        ScriptTypeParser types = new ScriptTypeParser();
        TypePtr bool = types.parseType("bool");
        IValue inEvaluation = new IValue(false)) {
      JitModule module = new JitModule(name);
      module.register_attribute("training", bool, inEvaluation);
      return module;
    }
  }
}
