// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** All code of a TorchScript archive, by the names of its files. */
final class ScriptCode {
  private static final String FOLDER = "code/";
  private static final String SUFFIX = ".py";
  private static final String DEBUG_SUFFIX = ".debug_pkl";
  private static final int MAX_FILE_BYTES = 16 << 20;
  private static final int MAX_DEBUG_BYTES = 128 << 20;
  private static final long MAX_BYTES = 64L << 20;

  private final Map<String, ScriptFile> files;

  private ScriptCode(Map<String, ScriptFile> files) {
    this.files = files;
  }

  /**
   * Reads and checks all code of an archive.
   *
   * @throws ModelFileException if some of it is not what torch writes
   */
  static ScriptCode read(ZipArchive archive) throws IOException {
    Map<String, ScriptFile> files = new HashMap<>();
    long bytes = 0;
    for (ZipRecord record : archive.records().values()) {
      String name = record.name().substring(archive.folder().length());
      EntrySite site = new EntrySite(archive.path(), record.name());
      if (name.startsWith(FOLDER) && name.endsWith(SUFFIX + DEBUG_SUFFIX)) {
        DebugPickles.check(site, archive.read(name, MAX_DEBUG_BYTES));
      } else if (name.startsWith(FOLDER) && name.endsWith(SUFFIX)) {
        bytes += record.size();
        if (bytes > MAX_BYTES) {
          throw site.whole("with it the code has more than " + MAX_BYTES + " bytes");
        }
        String module =
            name.substring(FOLDER.length(), name.length() - SUFFIX.length()).replace('/', '.');
        files.put(module, ScriptParser.parse(site, archive.read(name, MAX_FILE_BYTES)));
      }
    }
    return new ScriptCode(files);
  }

  /** Returns a class by its qualified name; null if there is none. */
  ScriptClass find(String qualified) {
    int dot = qualified.lastIndexOf('.');
    ScriptFile file = dot < 0 ? null : files.get(qualified.substring(0, dot));
    return file == null ? null : file.classes().get(qualified.substring(dot + 1));
  }

  /** The files by the names of their modules, such as {@code __torch__.models}. */
  Map<String, ScriptFile> files() {
    return files;
  }
}
