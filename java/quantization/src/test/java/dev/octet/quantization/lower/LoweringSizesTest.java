// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** Tensors that models make of sizes alone, for sizes up to a maximum. */
class LoweringSizesTest {
  @Test
  void tensorsMadeOfSizesReachToTheMaximum() {
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue x = b.input("x");
      GraphValue tokens = b.function("aten::size.int", x, 1L);
      GraphValue places = b.function("aten::arange", tokens, null, null, null, null);
      GraphModule model = b.output(b.function("aten::add.Tensor", x, places, 1.0)).build();
      model.eval();
      Tensor example = torch.randn(3, 4);
      LoweredModel lowered =
          Lowering.toProgram(
              model,
              LoweringOptions.builder()
                  .input("x", example, "batch", "tokens")
                  .maximum("tokens", 9)
                  .build());
      for (long size : new long[] {1, 9}) {
        var difference =
            LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(2, size)));
        assertTrue(difference.greatest() <= 1e-6 * difference.magnitude(), difference::toString);
      }
      try (Session session = Session.open(lowered.program())) {
        Map<String, TensorData> longer = Map.of("x", TensorData.of(new float[20], 2, 10));
        String message =
            assertThrows(RuntimeException.class, () -> session.run(longer)).getMessage();
        assertTrue(
            message.contains("10") && message.contains("9") && message.contains("maximum"),
            message);
      }
    }
  }
}
