// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.tree.ModuleTree;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** Importing and running programs leaves no native memory behind. */
class TorchScriptMemoryTest {

  private static final String PROGRAM =
      """
      def double(self, x):
          return x * 2
      def forward(self, x):
          parts = [x]
          d = {"a": x, "b": self.double(x)}
          for i in range(4):
              if i % 2 == 0:
                  parts.append(parts[i] + d["a"])
              else:
                  y = x[i:]
                  parts.append(torch.cat([y, x[:i]], 0).add_(1))
          a, b = torch.max(torch.stack(parts), 0)
          t = (a, (b, None, 3))
          return t[1][0] + a, [d["b"], x]
      """;
  private static final int WARM_UP = 50;
  private static final int ROUNDS = 500;
  private static final int IMPORTS = 60;
  private static final long ELEMENTS = 1 << 20;

  @Test
  void runningAProgramFreesWhatItMakes() {
    GraphModule model;
    Tensor x = torch.randn(8, 8);
    try (PointerScope scope = new PointerScope()) {
      model = ScriptFixture.importFile(ScriptFixture.save(ScriptFixture.module("P", PROGRAM)));
    }
    run(model, x, WARM_UP);
    long before = Pointer.totalCount();
    run(model, x, ROUNDS);
    long left = Pointer.totalCount() - before;
    assertTrue(left < ROUNDS / 5, left + " native objects were left to the garbage collector");
    model.close();
  }

  private static void run(GraphModule model, Tensor x, int rounds) {
    for (int i = 0; i < rounds; i++) {
      try (NoGradGuard noGrad = new NoGradGuard()) {
        List<?> results = (List<?>) model.forwardAny(x);
        ((Tensor) results.get(0)).close();
        ((List<?>) results.get(1)).forEach(each -> ((Tensor) each).close());
      }
    }
  }

  /** Each model has 4 MB. */
  @Test
  void importedModelsAreFreedWithTheirWeights() {
    Path file;
    try (PointerScope scope = new PointerScope()) {
      JitModule script = ScriptFixture.module("W", "");
      script.register_parameter("weight", torch.randn(ELEMENTS), false);
      ScriptFixture.define(script, "def forward(self, x):\n    return x + self.weight\n");
      file = ScriptFixture.save(script);
    }
    imports(file, IMPORTS / 3);
    System.gc();
    long before = Pointer.physicalBytes();
    imports(file, IMPORTS);
    System.gc();
    long grown = Pointer.physicalBytes() - before;
    assertTrue(
        grown < IMPORTS * ELEMENTS,
        "resident memory grew by " + grown / IMPORTS + " bytes a model");
  }

  private static void imports(Path file, int times) {
    Tensor x = torch.ones(1);
    for (int i = 0; i < times; i++) {
      GraphModule model = ScriptFixture.importFile(file);
      model.forward(x).close();
      ModuleTree.close(model);
    }
    x.close();
  }
}
