// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.JitModule;

/**
 * Writes TorchScript files of MobileNetV2 with random weights, in the form in which tracing
 * torchvision's model in eval mode leaves it.
 */
public final class ScriptMobileNet {
  private static final int CLASSES = 1000;
  private static final int FEATURES = 40;
  private static final String BLOCK = "torchvision.models.mobilenetv2.InvertedResidual";
  private static final String CONVOLUTION = "torchvision.ops.misc.Conv2dNormActivation";

  private ScriptMobileNet() {}

  /**
   * Write MobileNetV2.
   *
   * @param width channels of the first layer; 32 in the paper, which gives 3.5 million parameters
   * @param file where to; replaced if it is there
   */
  public static void write(int width, Path file) {
    List<JitModule> layers = new ArrayList<>();
    layers.add(convolution(3, width, 3, 2, 1));
    int channels = width;
    for (MobileNetBlock block : MobileNetBlock.ofWidth(width)) {
      layers.add(block(block));
      channels = block.out();
    }
    int features = FEATURES * width;
    layers.add(convolution(channels, features, 1, 1, 1));
    JitModule net = ScriptLayers.module("torchvision.models.mobilenetv2.MobileNetV2");
    net.register_module("features", ScriptLayers.sequential(layers.toArray(new JitModule[0])));
    JitModule dropout =
        ScriptLayers.module(
            "torch.nn.modules.dropout.Dropout", "return torch.dropout(input, 0.2, False)");
    net.register_module(
        "classifier", ScriptLayers.sequential(dropout, ScriptLayers.linear(features, CLASSES)));
    net.define(
        """
        def forward(self, x):
            x = torch.adaptive_avg_pool2d(self.features.forward(x), [1, 1])
            return self.classifier.forward(torch.flatten(x, 1))
        """);
    net.save(file.toString());
  }

  private static JitModule block(MobileNetBlock block) {
    List<JitModule> layers = new ArrayList<>();
    if (block.expands()) {
      layers.add(convolution(block.in(), block.hidden(), 1, 1, 1));
    }
    layers.add(convolution(block.hidden(), block.hidden(), 3, block.stride(), block.hidden()));
    layers.add(ScriptLayers.conv(block.hidden(), block.out(), 1, 1, 0, 1));
    layers.add(ScriptLayers.batchNorm(block.out()));
    JitModule module = ScriptLayers.module(BLOCK);
    module.register_module("conv", ScriptLayers.sequential(layers.toArray(new JitModule[0])));
    module.define(
        block.hasShortcut()
            ? "def forward(self, x):\n    return torch.add(x, self.conv.forward(x), alpha=1)\n"
            : "def forward(self, x):\n    return self.conv.forward(x)\n");
    return module;
  }

  private static JitModule convolution(int in, int out, int kernel, int stride, int groups) {
    return ScriptLayers.sequential(
        CONVOLUTION,
        ScriptLayers.conv(in, out, kernel, stride, kernel / 2, groups),
        ScriptLayers.batchNorm(out),
        ScriptLayers.relu6());
  }
}
