// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Modules that were created only to be put into a container of the presets. Their Java objects own
 * them beside the container, and would take them along to the garbage collector.
 */
class TemporaryModulesTest {
  private static final class Net extends Module {
    private final SequentialImpl layers = new SequentialImpl();

    Net() {
      layers.push_back("fc", new LinearImpl(4, 4));
      layers.push_back("drop", new DropoutImpl(0.5));
      register_module("layers", layers);
    }

    Tensor forward(Tensor x) {
      return layers.forward(x);
    }
  }

  @Test
  void stayWhenTheirJavaObjectsAreCollected() throws InterruptedException {
    Net model = new Net();
    QuantizationMap map = Conversion.appendDefaultConversions(QuantizationMap.builder().build());
    Net converted = Conversion.convertToQuantized(model, map, Net::new);
    for (int i = 0; i < 5; i++) {
      System.gc();
      Thread.sleep(20);
      Pointer.deallocateReferences();
    }
    try (NoGradGuard guard = new NoGradGuard();
        Tensor x = randn(2, 4)) {
      for (Net net : new Net[] {model, converted}) {
        net.train(true);
        net.forward(x).close();
        net.eval();
        try (Tensor out = net.forward(x)) {
          assertEquals(8, out.numel());
        }
      }
    }
    ModuleTree.close(converted);
    ModuleTree.close(model);
  }
}
