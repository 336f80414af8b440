// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.nio.file.Path;

/**
 * Where a problem of an entry is reported.
 *
 * @param file the archive
 * @param entry its entry, with the archive's folder
 */
record EntrySite(Path file, String entry) {
  /** A problem at a byte of the entry. */
  ModelFileException at(long offset, String problem) {
    return ModelFileException.in(file, entry, offset, problem);
  }

  /** A problem of the entry as a whole. */
  ModelFileException whole(String problem) {
    return ModelFileException.in(file, entry, problem);
  }
}
