// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.nio.file.Path;
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
 * Writes TorchScript files of ResNets (He et al. 2015, arXiv:1512.03385) with random weights, in
 * the form in which tracing torchvision's models in eval mode leaves them.
 */
public final class ScriptResNet {

  private static final int CLASSES = 1000;

  private ScriptResNet() {}

  /**
   * Write ResNet-18.
   *
   * @param width channels of the first layer; 64 in the paper, which gives 11.7 million parameters
   * @param file where to; replaced if it is there
   */
  public static void write(int width, Path file) {
    JitModule net = module("torchvision.models.resnet.ResNet");
    net.register_module("conv1", conv(3, width, 7, 2, 3));
    net.register_module("bn1", batchNorm(width));
    net.register_module("relu", relu());
    net.register_module("maxpool", maxPool());
    int channels = width;
    for (int stage = 0; stage < 4; stage++) {
      int out = width << stage;
      JitModule layer = module("torch.nn.modules.container.Sequential");
      layer.register_module("0", block(channels, out, stage == 0 ? 1 : 2));
      layer.register_module("1", block(out, out, 1));
      layer.define(
          """
          def forward(self, input):
              return getattr(self, "1").forward(getattr(self, "0").forward(input))
          """);
      net.register_module("layer" + (stage + 1), layer);
      channels = out;
    }
    net.register_module(
        "avgpool",
        module(
            "torch.nn.modules.pooling.AdaptiveAvgPool2d",
            "return torch.adaptive_avg_pool2d(input, [1, 1])"));
    net.register_module("fc", linear(channels, CLASSES));
    net.define(
        """
        def forward(self, x):
            x = self.relu.forward(self.bn1.forward(self.conv1.forward(x)))
            x = self.maxpool.forward(x)
            x = self.layer2.forward(self.layer1.forward(x))
            x = self.layer4.forward(self.layer3.forward(x))
            return self.fc.forward(torch.flatten(self.avgpool.forward(x), 1))
        """);
    net.save(file.toString());
  }

  private static JitModule block(int in, int out, int stride) {
    JitModule block = module("torchvision.models.resnet.BasicBlock");
    block.register_module("conv1", conv(in, out, 3, stride, 1));
    block.register_module("bn1", batchNorm(out));
    block.register_module("relu", relu());
    block.register_module("conv2", conv(out, out, 3, 1, 1));
    block.register_module("bn2", batchNorm(out));
    String shortcut = "x";
    if (stride != 1 || in != out) {
      JitModule downsample = module("torch.nn.modules.container.Sequential");
      downsample.register_module("0", conv(in, out, 1, stride, 0));
      downsample.register_module("1", batchNorm(out));
      downsample.define(
          """
          def forward(self, input):
              return getattr(self, "1").forward(getattr(self, "0").forward(input))
          """);
      block.register_module("downsample", downsample);
      shortcut = "self.downsample.forward(x)";
    }
    block.define(
        String.format(
            """
            def forward(self, x):
                y = self.relu.forward(self.bn1.forward(self.conv1.forward(x)))
                y = self.bn2.forward(self.conv2.forward(y))
                return self.relu.forward(torch.add_(y, %s, alpha=1))
            """,
            shortcut));
    return block;
  }

  private static JitModule conv(int in, int out, int kernel, int stride, int padding) {
    JitModule conv = module("torch.nn.modules.conv.Conv2d");
    double deviation = Math.sqrt(2.0 / (in * kernel * kernel));
    try (Tensor weight = torch.randn(out, in, kernel, kernel);
        Scalar scale = new Scalar(deviation);
        Tensor scaled = weight.mul(scale)) {
      conv.register_parameter("weight", scaled, false);
    }
    conv.define(
        String.format(
            Locale.ROOT,
            """
            def forward(self, input):
                return torch._convolution(input, self.weight, None, [%1$d, %1$d], [%2$d, %2$d],
                                          [1, 1], False, [0, 0], 1, False, False, True, True)
            """,
            stride,
            padding));
    return conv;
  }

  private static JitModule batchNorm(int channels) {
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

  private static JitModule linear(int in, int out) {
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

  private static JitModule relu() {
    return module("torch.nn.modules.activation.ReLU", "return torch.relu_(input)");
  }

  private static JitModule maxPool() {
    return module(
        "torch.nn.modules.pooling.MaxPool2d",
        "return torch.max_pool2d(input, [3, 3], [2, 2], [1, 1], [1, 1], False)");
  }

  private static JitModule module(String className, String result) {
    JitModule module = module(className);
    module.define("def forward(self, input):\n    " + result + "\n");
    return module;
  }

  private static JitModule module(String className) {
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
