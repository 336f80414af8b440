// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.lower.LoweredModel;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.type.ElementType;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class QuantizedResNetTest {
  @Test
  void isConvolutionsOnIntegersAndLittleElse() throws IOException {
    LoweredModel lowered = QuantizedResNet.lower(8, 64);
    Map<String, Integer> kinds = new TreeMap<>();
    for (Operation operation : lowered.program().operations()) {
      kinds.merge(operation.kind().name(), 1, Integer::sum);
      ElementType type = lowered.program().values().get(operation.name()).type();
      boolean last = operation.kind().name().equals("linear") || isInputOfMean(lowered, operation);
      assertTrue(last || type == ElementType.U8, operation::toString);
    }
    assertEquals(
        Map.of(
            "quantize",
            1,
            "conv2d",
            20,
            "max_pool2d",
            1,
            "adaptive_avg_pool2d",
            1,
            "reshape",
            1,
            "linear",
            1),
        kinds,
        () -> lowered.report().toString());
  }

  /** The last block's sum goes to the mean over the image in floats. */
  private static boolean isInputOfMean(LoweredModel lowered, Operation operation) {
    return lowered.program().operations().stream()
        .filter(other -> other.kind().name().equals("adaptive_avg_pool2d"))
        .anyMatch(other -> other.inputs().containsValue(operation.name()));
  }
}
