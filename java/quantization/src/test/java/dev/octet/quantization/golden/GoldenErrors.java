// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.quantizer.QuantizerNotInitializedException;
import org.junit.jupiter.api.function.Executable;

/** Which Java exceptions stand for those of the reference. */
final class GoldenErrors {
  private static final int WORDS = 20;

  private GoldenErrors() {}

  /** Checks that something fails as the reference did, with a message in words. */
  static void assertFails(JsonNode error, Executable action) {
    String type = error.get("type").asText();
    RuntimeException thrown =
        assertThrows(RuntimeException.class, action, () -> "expected: " + error);
    boolean fits =
        switch (type) {
          case "QuantizerNotInitializedError" -> thrown instanceof QuantizerNotInitializedException;
          case "AssertionError",
              "ValueError",
              "TypeError",
              "IndexError",
              "RuntimeError",
              "AttributeError",
              "NotImplementedError" ->
              thrown instanceof IllegalArgumentException || thrown instanceof IllegalStateException;
          default -> throw new AssertionError("an exception this test does not know: " + error);
        };
    assertTrue(fits, () -> "expected: " + error + ", thrown: " + thrown);
    String message = thrown.getMessage();
    assertTrue(
        message != null && message.length() > WORDS,
        () -> "expected a message in words, not '" + message + "'");
  }
}
