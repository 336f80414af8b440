// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Instance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Checks a TorchScript archive before libtorch's own loader sees it, which trusts what it reads: an
 * altered file can crash or hang the process.
 *
 * <p>Checked are the zip archive with the CRC-32 of every entry, the pickles value by value, the
 * code against the grammar that torch writes, and both against each other. A file that passes can
 * still hold a model that does harm when it is run, such as one that never ends.
 */
public final class ArchiveGuard {
  private static final int MIN_VERSION = 3;
  private static final int MAX_VERSION = 10;
  private static final int MAX_VERSION_BYTES = 32;
  private static final int MAX_PICKLE_BYTES = 256 << 20;
  private static final String EXPECTED = "a TorchScript archive (torch.jit.save)";

  private ArchiveGuard() {}

  /**
   * Checks an archive from its first to its last byte.
   *
   * @param file is read, not changed; it must stay as it is until it is loaded
   * @return what it holds
   * @throws ModelFileException if the file is of another kind, truncated, altered, or could harm
   *     the process that loads it
   * @throws IOException if the file can't be read
   */
  public static TorchScriptInfo check(Path file) throws IOException {
    FileKind.requireZip(file, EXPECTED);
    try (ZipArchive archive = ZipArchive.open(file)) {
      FileKind kind = ZipKinds.of(archive);
      if (!kind.isOneOf(FileKind.TORCHSCRIPT, FileKind.LITE_INTERPRETER)) {
        throw kind.refuse(file, EXPECTED);
      }
      return check(archive);
    }
  }

  private static TorchScriptInfo check(ZipArchive archive) throws IOException {
    final int version = version(archive);
    ScriptData constants = data(archive, "constants", true);
    ScriptCode code = ScriptCode.read(archive);
    ScriptTypeSizes.check(code);
    List<ScriptFacts> facts = constants.facts();
    code.files().values().forEach(source -> ScriptFunctions.check(source, facts));
    ScriptData data = data(archive, "data", true);
    if (!(data.root() instanceof Instance)) {
      throw ModelFileException.in(
          archive.path(),
          archive.folder() + "data.pkl",
          "is " + data.root().words() + ", expected an object");
    }
    ScriptData inputs = data(archive, "traced_inputs", false);
    Set<String> classes = new LinkedHashSet<>();
    long bytes = 0;
    for (ScriptData part : new ScriptData[] {constants, inputs, data}) {
      if (part != null) {
        part.check(code);
        classes.addAll(part.classNames());
        bytes += part == inputs ? 0 : part.storageBytes();
      }
    }
    for (ZipRecord record : archive.records().values()) {
      archive.verify(record);
    }
    return new TorchScriptInfo(version, classes, bytes);
  }

  private static int version(ZipArchive archive) throws IOException {
    String name = archive.has(".data/version") ? ".data/version" : "version";
    byte[] bytes = required(archive, name, MAX_VERSION_BYTES);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String digits = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    if (!digits.matches("[0-9]{1,9}")
        || Integer.parseInt(digits) < MIN_VERSION
        || Integer.parseInt(digits) > MAX_VERSION) {
      throw ModelFileException.in(
          archive.path(),
          archive.folder() + name,
          "format version '"
              + digits
              + "', expected "
              + MIN_VERSION
              + " to "
              + MAX_VERSION
              + ": save the model again with PyTorch 1.8 to 2.10");
    }
    return Integer.parseInt(digits);
  }

  private static ScriptData data(ZipArchive archive, String name, boolean required)
      throws IOException {
    String entry = name + ".pkl";
    if (!required && !archive.has(entry)) {
      return null;
    }
    return ScriptData.read(archive, entry, name + "/", required(archive, entry, MAX_PICKLE_BYTES));
  }

  private static byte[] required(ZipArchive archive, String name, int maxBytes) throws IOException {
    byte[] bytes = archive.read(name, maxBytes);
    if (bytes == null) {
      throw ModelFileException.of(
          archive.path(),
          "the entry '"
              + archive.folder()
              + name
              + "' is missing: the file is truncated or altered, copy it again");
    }
    return bytes;
  }
}
