// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.nio.file.Path;
import org.bytedeco.pytorch.JitModule;

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
    JitModule net = ScriptLayers.module("torchvision.models.resnet.ResNet");
    net.register_module("conv1", ScriptLayers.conv(3, width, 7, 2, 3, 1));
    net.register_module("bn1", ScriptLayers.batchNorm(width));
    net.register_module("relu", ScriptLayers.relu());
    net.register_module("maxpool", ScriptLayers.maxPool());
    int channels = width;
    for (int stage = 0; stage < 4; stage++) {
      int out = width << stage;
      JitModule first = block(channels, out, stage == 0 ? 1 : 2);
      net.register_module(
          "layer" + (stage + 1), ScriptLayers.sequential(first, block(out, out, 1)));
      channels = out;
    }
    net.register_module(
        "avgpool",
        ScriptLayers.module(
            "torch.nn.modules.pooling.AdaptiveAvgPool2d",
            "return torch.adaptive_avg_pool2d(input, [1, 1])"));
    net.register_module("fc", ScriptLayers.linear(channels, CLASSES));
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
    JitModule block = ScriptLayers.module("torchvision.models.resnet.BasicBlock");
    block.register_module("conv1", ScriptLayers.conv(in, out, 3, stride, 1, 1));
    block.register_module("bn1", ScriptLayers.batchNorm(out));
    block.register_module("relu", ScriptLayers.relu());
    block.register_module("conv2", ScriptLayers.conv(out, out, 3, 1, 1, 1));
    block.register_module("bn2", ScriptLayers.batchNorm(out));
    String shortcut = "x";
    if (stride != 1 || in != out) {
      block.register_module(
          "downsample",
          ScriptLayers.sequential(
              ScriptLayers.conv(in, out, 1, stride, 0, 1), ScriptLayers.batchNorm(out)));
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
}
