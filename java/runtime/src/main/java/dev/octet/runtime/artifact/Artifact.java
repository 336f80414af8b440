// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import dev.octet.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Writes and reads programs as {@code *.octet} files.
 *
 * <p>An artifact is a safetensors file that any reader of that format can open. Constants are
 * tensors under their names, codes as I8 or U8; the scales and zero points of per-channel grids are
 * tensors beside them. Entries of its metadata:
 *
 * <ul>
 *   <li>{@code format}: {@code octet}
 *   <li>{@code octet.format_version}: {@value #FORMAT_VERSION}
 *   <li>{@code octet.program}: the program as JSON, with a CRC-32C of every tensor's bytes
 *   <li>{@code octet.program.crc32c}: the CRC-32C of that JSON in UTF-8
 * </ul>
 *
 * <p>Checksums tell accidents; they are no protection against someone who wants to deceive. A file
 * that was made to be wrong is still an exception at worst: everything in it is checked before
 * native code sees it. All methods may be called by several threads.
 */
public final class Artifact {
  /** The version of the format that this class writes, and the only one that it reads. */
  public static final int FORMAT_VERSION = 1;

  static final String FORMAT_KEY = "format";
  static final String FORMAT = "octet";
  static final String VERSION_KEY = "octet.format_version";
  static final String PROGRAM_KEY = "octet.program";
  static final String CHECKSUM_KEY = "octet.program.crc32c";

  private Artifact() {}

  /**
   * Writes a program. The file appears under its name only when it is whole, and takes the place of
   * one that is there.
   *
   * @throws IOException if the file can't be written
   */
  public static void write(Program program, Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    new ArtifactWriter(Objects.requireNonNull(program, "program")).write(path);
  }

  /**
   * Reads a program. Constants stay in the file, which is mapped into memory as long as the program
   * is reachable, and must not be changed in place meanwhile. All checksums are verified.
   *
   * @throws ArtifactException if the file is no artifact, is truncated or was altered, or is of
   *     another version; the message says what is wrong where
   * @throws IOException if the file can't be read
   */
  public static Program read(Path path) throws IOException {
    return ArtifactReader.read(Objects.requireNonNull(path, "path"));
  }
}
