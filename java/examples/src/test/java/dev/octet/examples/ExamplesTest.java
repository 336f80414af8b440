// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExamplesTest {
  @BeforeEach
  void seed() {
    torch.manual_seed(1);
  }

  @Test
  void convertedModuleComputesNearlyTheSame(@TempDir Path folder) throws IOException {
    double difference = ConvertModule.run(folder.resolve("state.safetensors"));
    assertTrue(difference > 0, "quantization changes something");
    assertTrue(difference < 0.1, "difference is " + difference);
  }

  @Test
  void layersOfAModuleRunInIntegers() {
    RunInIntegers.Result result = RunInIntegers.run();
    assertEquals(
        List.of("enter", "layer0", "layer1"),
        result.report().rows(Arithmetic.INTEGER).stream().map(row -> row.path()).toList());
    assertEquals(
        List.of("add an input quantizer at 'head'"), result.report().rows("head").get(0).advice());
    assertTrue(result.difference() < 0.05, "difference is " + result.difference());
  }

  @Test
  void graphLearns() {
    double[] losses = BuildGraph.run();
    assertTrue(losses[1] < 0.9 * losses[0], losses[0] + " before, " + losses[1] + " after");
  }

  @Test
  void importedFileIsCalibrated(@TempDir Path folder) throws IOException {
    Path model = folder.resolve("model.pt");
    Path samples = folder.resolve("samples.safetensors");
    Path state = folder.resolve("state.safetensors");
    try (PointerScope scope = new PointerScope()) {
      JitModule linear =
          new JitModule(new QualifiedName("__torch__.torch.nn.modules.linear.Linear"));
      linear.register_parameter("weight", torch.randn(3, 4), false);
      linear.register_parameter("bias", torch.randn(3), false);
      linear.define(
          "def forward(self, input):\n  return torch.linear(input, self.weight, self.bias)\n");
      JitModule net = new JitModule(new QualifiedName("__torch__.Net"));
      net.register_module("fc", linear);
      net.define("def forward(self, x):\n  return self.fc.forward(x)\n");
      net.save(model.toString());
    }
    ByteBuffer data = ByteBuffer.allocate(4 * 40 * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 160; i++) {
      data.putFloat(i % 7 - 3);
    }
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.F32, List.of(40L, 4L), data.flip())
        .write(samples);
    assertEquals(2, ImportTorchScript.run(model, samples, state));
    try (SafetensorsFile file = SafetensorsFile.open(state)) {
      assertTrue(file.names().contains("fc.weight_quantizer.quantizer._delta"), "" + file.names());
    }
  }
}
