// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import java.io.IOException;

/** Says what is wrong in an artifact: the file, the place, what is there, what was expected. */
public final class ArtifactException extends IOException {
  private static final long serialVersionUID = 1L;

  ArtifactException(String message) {
    super(message);
  }

  ArtifactException(String message, Throwable cause) {
    super(message, cause);
  }
}
