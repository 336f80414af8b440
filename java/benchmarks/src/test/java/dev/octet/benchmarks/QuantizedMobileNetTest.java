// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.lower.LoweredModel;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.type.ElementType;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class QuantizedMobileNetTest {
  @Test
  void isConvolutionsOnIntegersAndLittleElse() throws IOException {
    LoweredModel lowered = QuantizedMobileNet.lower(8, 32);
    Map<String, Integer> kinds = new TreeMap<>();
    int codes = 0;
    for (Operation operation : lowered.program().operations()) {
      kinds.merge(operation.kind().name(), 1, Integer::sum);
      ElementType type = lowered.program().values().get(operation.name()).type();
      codes += operation.kind().name().equals("conv2d") && type == ElementType.U8 ? 1 : 0;
    }
    // Shortcuts are added by the convolutions in front of them.
    assertEquals(
        Map.of("quantize", 1, "conv2d", 52, "adaptive_avg_pool2d", 1, "reshape", 1, "linear", 1),
        kinds,
        () -> lowered.report().toString());
    assertEquals(51, codes, () -> lowered.report().toString());
  }
}
