// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Says what is wrong with a model file: in which entry and at which byte, what is there, what was
 * expected, and what to do. Nothing of the file was loaded.
 */
public final class ModelFileException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final long NOWHERE = -1;

  private final transient Path file;
  private final String entry;
  private final long offset;

  private ModelFileException(
      Path file, String entry, long offset, String problem, Throwable cause) {
    super(file + ": " + place(entry, offset) + problem, cause);
    this.file = file;
    this.entry = entry;
    this.offset = offset;
  }

  /** A problem of the file as a whole. */
  static ModelFileException of(Path file, String problem) {
    return new ModelFileException(file, null, NOWHERE, problem, null);
  }

  /** A problem of the file as a whole that another exception tells of. */
  static ModelFileException of(Path file, String problem, Throwable cause) {
    return new ModelFileException(file, null, NOWHERE, problem, cause);
  }

  /** A problem at a byte of the file, not of an entry. */
  static ModelFileException at(Path file, long offset, String problem) {
    return new ModelFileException(file, null, offset, problem, null);
  }

  /** A problem of an entry as a whole. */
  static ModelFileException in(Path file, String entry, String problem) {
    return new ModelFileException(file, entry, NOWHERE, problem, null);
  }

  /** A problem at a byte of an entry. */
  static ModelFileException in(Path file, String entry, long offset, String problem) {
    return new ModelFileException(file, entry, offset, problem, null);
  }

  private static String place(String entry, long offset) {
    if (entry == null) {
      return offset == NOWHERE ? "" : "at byte " + offset + ": ";
    }
    return "entry '" + entry + "'" + (offset == NOWHERE ? "" : " at byte " + offset) + ": ";
  }

  /** Returns the file; null after serialization. */
  public Path file() {
    return file;
  }

  /** Returns the name of the archive's entry that the problem is in, if it is in one. */
  public Optional<String> entry() {
    return Optional.ofNullable(entry);
  }

  /** Returns where the problem is: bytes from the start of the uncompressed entry, or the file. */
  public OptionalLong offset() {
    return offset == NOWHERE ? OptionalLong.empty() : OptionalLong.of(offset);
  }
}
