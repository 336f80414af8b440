// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.graph.GraphModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Compares what a transformed model computes with the recorded outputs of the original. */
final class RecordedOutputs {

  private static final double TOLERANCE = 1e-5;

  private RecordedOutputs() {}

  static void check(GoldenCase golden, GraphModule model) {
    try (NoGradGuard noGrad = new NoGradGuard()) {
      for (int batch = 0; golden.has("batch" + batch + "/output"); batch++) {
        String prefix = "batch" + batch + "/input";
        Object[] inputs =
            golden.inputs().stream()
                .filter(role -> role.startsWith(prefix))
                .map(golden::tensor)
                .toArray();
        Tensor expected = golden.tensor("batch" + batch + "/output");
        Tensor actual = (Tensor) model.forwardAny(inputs);
        double scale = expected.abs().max().item_double();
        double error = actual.sub(expected).abs().max().item_double();
        assertEquals(0, error / scale, TOLERANCE, "batch " + batch);
      }
    }
  }
}
