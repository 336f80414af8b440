// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class ManagerGoldenTest {

  @TestFactory
  Stream<DynamicTest> manager() {
    return GoldenCase.tests(ManagerGoldenTest::check, "manager");
  }

  private static void check(GoldenCase golden) {
    if ("constructor".equals(golden.errorStage())) {
      GoldenErrors.assertFails(golden.error(), () -> new ManagerRun(golden).close());
      return;
    }
    if (golden.errorStage() != null) {
      throw new AssertionError("a stage that this test does not know: " + golden.errorStage());
    }
    try (ManagerRun run = new ManagerRun(golden)) {
      run.steps();
    }
  }
}
