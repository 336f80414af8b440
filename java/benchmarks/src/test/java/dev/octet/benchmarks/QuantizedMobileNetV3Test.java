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

class QuantizedMobileNetV3Test {
  @Test
  void isConvolutionsOnIntegersAndLittleElse() throws IOException {
    LoweredModel lowered = QuantizedMobileNetV3.lower(8, 32);
    Map<String, Integer> kinds = new TreeMap<>();
    Map<String, Integer> codes = new TreeMap<>();
    for (Operation operation : lowered.program().operations()) {
      String kind = operation.kind().name();
      kinds.merge(kind, 1, Integer::sum);
      ElementType type = lowered.program().values().get(operation.name()).type();
      codes.merge(kind, type == ElementType.U8 ? 1 : 0, Integer::sum);
    }
    // Activations are those of convolutions, and shortcuts are added by them.
    assertEquals(
        Map.of(
            "quantize", 1,
            "conv2d", 62,
            "adaptive_avg_pool2d", 9,
            "binary", 8,
            "reshape", 1,
            "linear", 2),
        kinds,
        () -> lowered.report().toString());
    // Floats: the factors of eight excitations, the image whose mean is taken, and the scores.
    assertEquals(
        Map.of(
            "quantize", 1,
            "conv2d", 53,
            "adaptive_avg_pool2d", 9,
            "binary", 8,
            "reshape", 1,
            "linear", 1),
        codes,
        () -> lowered.report().toString());
  }
}
