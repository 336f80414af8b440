// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Conversion, priorities, calibration, states and training, as recorded from the reference. */
class ConversionGoldenTest {
  @TestFactory
  Stream<DynamicTest> cases() {
    List<ConversionCase> cases = ConversionCase.all(GoldenFolder.get());
    return cases.stream().map(golden -> DynamicTest.dynamicTest(golden.id(), () -> check(golden)));
  }

  /** A kind that no test knows would pass unseen. */
  @Test
  void everyKindOfCaseIsTested() {
    Set<String> known =
        Set.of(
            "quantizer",
            "quantizer_two_inputs",
            "quantizer_constructor",
            "gradient",
            "estimator",
            "estimator_constructor",
            "manager",
            "conversion",
            "priority",
            "calibration",
            "quantization_states",
            "training",
            "torchscript",
            "torchscript_quantized");
    for (JsonNode entry : GoldenFolder.get().json("index.json").get("cases")) {
      assertTrue(
          known.contains(entry.get("kind").asText()),
          entry.get("id") + " is of kind " + entry.get("kind"));
    }
  }

  private static void check(ConversionCase golden) throws Exception {
    try (PointerScope scope = new PointerScope()) {
      ConversionRun run = new ConversionRun(golden);
      Optional<ConversionDeviations.Check> deviation =
          ConversionDeviations.checkFor(golden.quirks());
      if (deviation.isPresent()) {
        deviation.get().check(golden, run);
      } else {
        run.run();
      }
    }
  }
}
