// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import dev.octet.quantization.torchscript.TorchScriptImporter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.bytedeco.pytorch.Module;

/** Imports the TorchScript files of the golden set. */
final class ImportedGolden {
  private ImportedGolden() {}

  static Module load(Path file) {
    try {
      return TorchScriptImporter.load(file).model();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
