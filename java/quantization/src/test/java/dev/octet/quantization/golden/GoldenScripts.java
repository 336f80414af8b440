// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The TorchScript files of the golden cases. */
public final class GoldenScripts {
  private GoldenScripts() {}

  /** Returns all files, in the order of their names. */
  public static List<Path> all() {
    try (Stream<Path> files = Files.list(GoldenFolder.get().file("torchscript"))) {
      return files.filter(file -> file.toString().endsWith(".pt")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the file of a name such as {@code lenet.script.pt}. */
  public static Path named(String name) {
    return GoldenFolder.get().file("torchscript").resolve(name);
  }
}
