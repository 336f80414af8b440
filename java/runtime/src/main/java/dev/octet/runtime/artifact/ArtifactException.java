// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import java.io.IOException;

/**
 * Says what is wrong in an artifact: the file, the place, what is there, what was expected. The
 * middle of a message that a file has made very long is left out.
 */
public final class ArtifactException extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int LONGEST = 900;
  private static final int KEPT_AT_EACH_END = 400;

  ArtifactException(String message) {
    super(shortened(message));
  }

  ArtifactException(String message, Throwable cause) {
    super(shortened(message), cause);
  }

  private static String shortened(String message) {
    return message.length() <= LONGEST
        ? message
        : message.substring(0, KEPT_AT_EACH_END)
            + " ... "
            + message.substring(message.length() - KEPT_AT_EACH_END);
  }
}
