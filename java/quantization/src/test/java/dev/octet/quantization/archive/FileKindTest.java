// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.golden.GoldenScripts;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.bytedeco.pytorch.JitModule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKindTest {
  @TempDir Path folder;

  private FileKind kind(byte[] bytes) throws IOException {
    return FileKind.of(Files.write(folder.resolve("file"), bytes));
  }

  private FileKind zipKind(String... names) throws IOException {
    TorchZip zip = new TorchZip();
    for (String name : names) {
      zip.add(name, new byte[] {1});
    }
    return kind(zip.bytes());
  }

  @ParameterizedTest
  @CsvSource({
    "80028a0a6cfc9c46f9206aa850192e, LEGACY_TORCH_SAVE",
    "8002637468, PICKLE",
    "80049520, PICKLE",
    "0800000000000000 7b7d202020202020, SAFETENSORS",
    "0807 1207 7079746f726368 1a05, ONNX",
    "0808 3a80 01, UNKNOWN",
    "0808 3a80 0102030405, ONNX",
    "47475546 03000000, GGUF",
    "6c6d6767 03000000, GGML",
    "894844460d0a1a0a 00, HDF5",
    "934e554d5059 0100, NUMPY",
    "1c000000 54464c33 00, TENSORFLOW_LITE",
    "1c000000 50544d46 00, MOBILE_FLATBUFFER",
    "1c000000 45543132 00, EXECUTORCH",
    "1f8b0800, GZIP",
    "425a6839, BZIP2",
    "fd377a585a00 00, XZ",
    "28b52ffd 00, ZSTD",
    "377abcaf271c 00, SEVEN_ZIP",
    "25504446 2d, PDF",
    "89504e47 0d0a, PNG",
    "ffd8ffe0, JPEG",
    "7f454c46 02, EXECUTABLE",
    "00010203 04050607, UNKNOWN",
    "ff00ff00 00, UNKNOWN"
  })
  void bytesAreRecognized(String hex, FileKind expected) throws IOException {
    assertEquals(expected, kind(HexFormat.of().parseHex(hex.replace(" ", ""))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "<!DOCTYPE html><p>Not found|HTML",
        "  <html lang='en'>|HTML",
        "<?xml version='1.0'?><html/>|HTML",
        "<?xml version='1.0'?><net name='x' version='11'><layers>|OPENVINO",
        "<?xml version='1.0'?><feed/>|XML",
        "version https://git-lfs.github.com/spec/v1|GIT_LFS_POINTER",
        "{\"architectures\": []}|JSON",
        "{\"metadata\": {}, \"weight_map\": {}}|SAFETENSORS_INDEX",
        "Rate limit exceeded für dich|TEXT",
      })
  void textsAreRecognized(String text, FileKind expected) throws IOException {
    assertEquals(expected, kind(text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void textsAreRecognizedThoughTheirBeginEndsInACharacter() throws IOException {
    for (int shift = 0; shift < 4; shift++) {
      String text = "x".repeat(shift) + "ä€".repeat(4000);
      assertEquals(FileKind.TEXT, kind(text.getBytes(StandardCharsets.UTF_8)), "shift " + shift);
    }
  }

  @Test
  void archivesAreRecognizedByTheirEntries() throws IOException {
    assertEquals(FileKind.TORCHSCRIPT, zipKind("m/data.pkl", "m/constants.pkl", "m/version"));
    assertEquals(FileKind.TORCHSCRIPT, zipKind("m/data.pkl", "m/code/__torch__.py"));
    assertEquals(
        FileKind.LITE_INTERPRETER, zipKind("m/data.pkl", "m/constants.pkl", "m/bytecode.pkl"));
    assertEquals(FileKind.TORCH_SAVE, zipKind("archive/data.pkl", "archive/version"));
    assertEquals(FileKind.TORCH_EXPORT, zipKind("serialized_exported_program.json", "version"));
    assertEquals(FileKind.TORCH_EXPORT, zipKind("m/archive_format", "m/models/model.json"));
    assertEquals(FileKind.TORCH_PACKAGE, zipKind("p/.data/python_version", "p/model.pkl"));
    assertEquals(FileKind.LEGACY_TORCHSCRIPT, zipKind("m/version", "m/model.json"));
    assertEquals(FileKind.MODEL_ARCHIVE, zipKind("MAR-INF/MANIFEST.json", "model.pt"));
    assertEquals(FileKind.NUMPY_ARCHIVE, zipKind("arr_0.npy"));
    assertEquals(FileKind.KERAS, zipKind("config.json", "model.weights.h5"));
    assertEquals(FileKind.ZIP, zipKind("readme.txt"));
  }

  @Test
  void whatTorchWritesIsRecognized() throws IOException {
    for (Path file : GoldenScripts.all()) {
      assertEquals(FileKind.TORCHSCRIPT, FileKind.of(file), file.toString());
    }
    try (JitModule module = ScriptFiles.load(GoldenScripts.named("control-flow.script.pt"))) {
      Path mobile = folder.resolve("mobile.ptl");
      module._save_for_mobile(mobile.toString());
      assertEquals(FileKind.LITE_INTERPRETER, FileKind.of(mobile));
      assertEquals(3, ArchiveGuard.check(mobile).version());
    }
    Path tensors = folder.resolve("x.safetensors");
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.U8, List.of(1L), ByteBuffer.allocate(1))
        .write(tensors);
    assertEquals(FileKind.SAFETENSORS, FileKind.of(tensors));
  }

  @Test
  void brokenArchivesAreNamedAsSuch() throws IOException {
    byte[] whole = Files.readAllBytes(GoldenScripts.named("control-flow.script.pt"));
    assertEquals(FileKind.BROKEN_ZIP, kind(Arrays.copyOf(whole, whole.length / 2)));
    assertEquals(FileKind.BROKEN_ZIP, kind(Arrays.copyOf(whole, whole.length - 1)));
    assertEquals(FileKind.EMPTY, kind(new byte[0]));
  }

  @Test
  void tarFilesOfOldVersionsAreRecognized() throws IOException {
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    assertEquals(FileKind.TAR, kind(tar));
    System.arraycopy("sys_info".getBytes(StandardCharsets.US_ASCII), 0, tar, 0, 8);
    assertEquals(FileKind.LEGACY_TAR, kind(tar));
  }

  @Test
  void foldersAndMissingFiles() throws IOException {
    assertEquals(FileKind.DIRECTORY, FileKind.of(folder));
    Files.createFile(folder.resolve("saved_model.pb"));
    assertEquals(FileKind.TENSORFLOW_SAVED_MODEL, FileKind.of(folder));
    assertThrows(NoSuchFileException.class, () -> FileKind.of(folder.resolve("none")));
  }

  @Test
  void everyKindHasWords() {
    for (FileKind kind : FileKind.values()) {
      assertTrue(
          kind.words().startsWith("a ")
              || kind.words().startsWith("an ")
              || kind.words().startsWith("the "),
          kind.words());
    }
  }
}
