// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Predicate;

/** Recognizes zip archives by their entries. */
final class ZipKinds {
  private ZipKinds() {}

  static FileKind of(Path file) throws IOException {
    try (ZipArchive archive = ZipArchive.open(file)) {
      return of(archive);
    } catch (ModelFileException e) {
      return FileKind.BROKEN_ZIP;
    }
  }

  static FileKind of(ZipArchive archive) {
    Set<String> names = archive.records().keySet();
    if (names.contains("model.json")
        && any(
            names, n -> n.startsWith("code/") || n.equals("version") || n.startsWith("tensors/"))) {
      return FileKind.LEGACY_TORCHSCRIPT;
    }
    if (any(names, name -> name.endsWith("serialized_exported_program.json"))
        || names.contains("archive_format")
        || any(names, name -> name.startsWith("models/") && name.endsWith(".json"))) {
      return FileKind.TORCH_EXPORT;
    }
    if (names.contains(".data/python_version") || names.contains(".data/extern_modules")) {
      return FileKind.TORCH_PACKAGE;
    }
    boolean constants = names.contains("constants.pkl");
    boolean code = any(names, name -> name.startsWith("code/"));
    if (names.contains("data.pkl") || constants && code) {
      return !constants && !code
          ? FileKind.TORCH_SAVE
          : names.contains("bytecode.pkl") ? FileKind.LITE_INTERPRETER : FileKind.TORCHSCRIPT;
    }
    if (names.contains("bytecode.pkl")) {
      return FileKind.LITE_INTERPRETER;
    }
    if (any(names, name -> name.endsWith("MAR-INF/MANIFEST.json"))
        || archive.folder().equals("MAR-INF/")) {
      return FileKind.MODEL_ARCHIVE;
    }
    if (names.contains("model.weights.h5")) {
      return FileKind.KERAS;
    }
    return any(names, name -> name.endsWith(".npy")) ? FileKind.NUMPY_ARCHIVE : FileKind.ZIP;
  }

  private static boolean any(Set<String> names, Predicate<String> test) {
    return names.stream().anyMatch(test);
  }
}
