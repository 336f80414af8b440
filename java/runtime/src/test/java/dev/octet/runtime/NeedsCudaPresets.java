// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import dev.octet.runtime.cuda.presets.CudaPresets;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * {@link NeedsCuda}, and the same for the presets for CUDA, which need a CUDA runtime on the
 * machine.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@NeedsCuda
@ExtendWith(NeedsCudaPresets.Condition.class)
public @interface NeedsCudaPresets {
  /** Looks for the presets. */
  final class Condition implements ExecutionCondition {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return NeedsCuda.Condition.unless(
          CudaPresets.whyUnavailable(), "there are the presets for CUDA");
    }
  }
}
