// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Conversion, priorities, calibration, states and training, as recorded from the reference. */
class ConversionGoldenTest {
  @TestFactory
  Stream<DynamicTest> cases() {
    List<ConversionCase> cases = ConversionCase.all(GoldenFolder.get());
    return cases.stream().map(golden -> DynamicTest.dynamicTest(golden.id(), () -> check(golden)));
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
