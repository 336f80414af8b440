// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.JitModule;

/**
 * Writes TorchScript files of MobileNetV3-Large with random weights, in the form in which tracing
 * torchvision's model in eval mode leaves it.
 */
public final class ScriptMobileNetV3 {
  private static final int CLASSES = 1000;
  private static final int FEATURES = 60;
  private static final int LAST = 80;
  private static final String BLOCK = "torchvision.models.mobilenetv3.InvertedResidual";
  private static final String CONVOLUTION = "torchvision.ops.misc.Conv2dNormActivation";
  private static final String EXCITATION = "torchvision.ops.misc.SqueezeExcitation";

  private ScriptMobileNetV3() {}

  /**
   * Write MobileNetV3-Large.
   *
   * @param width channels of the first layer; 16 in the paper, which gives 5.5 million parameters
   * @param file where to; replaced if it is there
   */
  public static void write(int width, Path file) {
    List<JitModule> layers = new ArrayList<>();
    layers.add(convolution(3, width, 3, 2, 1, ScriptLayers.hardswish()));
    int channels = width;
    for (MobileNetV3Block block : MobileNetV3Block.ofWidth(width)) {
      layers.add(block(block));
      channels = block.out();
    }
    int features = FEATURES * width;
    layers.add(convolution(channels, features, 1, 1, 1, ScriptLayers.hardswish()));
    JitModule net = ScriptLayers.module("torchvision.models.mobilenetv3.MobileNetV3");
    net.register_module("features", ScriptLayers.sequential(layers.toArray(new JitModule[0])));
    net.register_module("avgpool", ScriptLayers.globalPool());
    JitModule dropout =
        ScriptLayers.module(
            "torch.nn.modules.dropout.Dropout", "return torch.dropout(input, 0.2, False)");
    net.register_module(
        "classifier",
        ScriptLayers.sequential(
            ScriptLayers.linear(features, LAST * width),
            ScriptLayers.hardswish(),
            dropout,
            ScriptLayers.linear(LAST * width, CLASSES)));
    net.define(
        """
        def forward(self, x):
            x = self.avgpool.forward(self.features.forward(x))
            return self.classifier.forward(torch.flatten(x, 1))
        """);
    net.save(file.toString());
  }

  private static JitModule activation(MobileNetV3Block block) {
    return block.hard() ? ScriptLayers.hardswish() : ScriptLayers.relu();
  }

  private static JitModule block(MobileNetV3Block block) {
    List<JitModule> layers = new ArrayList<>();
    int hidden = block.hidden();
    if (block.expands()) {
      layers.add(convolution(block.in(), hidden, 1, 1, 1, activation(block)));
    }
    layers.add(
        convolution(hidden, hidden, block.kernel(), block.stride(), hidden, activation(block)));
    if (block.excites()) {
      layers.add(excitation(hidden, block.squeezed()));
    }
    layers.add(convolution(hidden, block.out(), 1, 1, 1, null));
    JitModule module = ScriptLayers.module(BLOCK);
    module.register_module("block", ScriptLayers.sequential(layers.toArray(new JitModule[0])));
    module.define(
        block.hasShortcut()
            ? "def forward(self, x):\n    return torch.add_(self.block.forward(x), x, alpha=1)\n"
            : "def forward(self, x):\n    return self.block.forward(x)\n");
    return module;
  }

  private static JitModule excitation(int channels, int squeezed) {
    JitModule module = ScriptLayers.module(EXCITATION);
    module.register_module("avgpool", ScriptLayers.globalPool());
    module.register_module("fc1", ScriptLayers.convWithBias(channels, squeezed));
    module.register_module("activation", ScriptLayers.relu());
    module.register_module("fc2", ScriptLayers.convWithBias(squeezed, channels));
    module.register_module(
        "scale_activation",
        ScriptLayers.module(
            "torch.nn.modules.activation.Hardsigmoid", "return torch.hardsigmoid(input)"));
    module.define(
        """
        def forward(self, input):
            scale = self.activation.forward(self.fc1.forward(self.avgpool.forward(input)))
            scale = self.scale_activation.forward(self.fc2.forward(scale))
            return torch.mul(scale, input)
        """);
    return module;
  }

  private static JitModule convolution(
      int in, int out, int kernel, int stride, int groups, JitModule activation) {
    JitModule conv = ScriptLayers.conv(in, out, kernel, stride, kernel / 2, groups);
    JitModule norm = ScriptLayers.batchNorm(out);
    return activation == null
        ? ScriptLayers.sequential(CONVOLUTION, conv, norm)
        : ScriptLayers.sequential(CONVOLUTION, conv, norm, activation);
  }
}
