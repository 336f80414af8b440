// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import dev.octet.bindings.NativeLibrary;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips tests where no CUDA device can be used, with the reason; with the environment variable
 * {@code OCTET_TEST_NEED_CUDA} they are run, and fail.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Tag("cuda")
@ExtendWith(NeedsCuda.Condition.class)
public @interface NeedsCuda {
  /** Looks for a device. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return unless(NativeLibrary.whyNoCuda(), "there is a CUDA device");
    }

    /** Runs tests unless something is missing, and they are not wanted all the same. */
    static ConditionEvaluationResult unless(String missing, String there) {
      return missing.isEmpty() || System.getenv("OCTET_TEST_NEED_CUDA") != null
          ? ConditionEvaluationResult.enabled(there)
          : ConditionEvaluationResult.disabled(missing);
    }
  }
}
