// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
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
  void graphLearns() {
    double[] losses = BuildGraph.run();
    assertTrue(losses[1] < 0.9 * losses[0], losses[0] + " before, " + losses[1] + " after");
  }
}
