// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/** What kind of file a model may come in, told from its first bytes and its zip entries. */
public enum FileKind {
  TORCHSCRIPT("a TorchScript archive (torch.jit.save)"),
  LITE_INTERPRETER("a TorchScript archive with code for the lite interpreter"),
  TORCH_SAVE("a torch.save archive (a state dict or a pickled model)"),
  TORCH_EXPORT("a torch.export archive (.pt2)"),
  TORCH_PACKAGE("a torch.package archive"),
  MODEL_ARCHIVE("a TorchServe model archive (.mar)"),
  LEGACY_TORCH_SAVE("a torch.save file from before PyTorch 1.6"),
  LEGACY_TAR("a torch.save tar file from before PyTorch 0.4"),
  LEGACY_TORCHSCRIPT("a TorchScript archive from before PyTorch 1.4"),
  PICKLE("a Python pickle"),
  SAFETENSORS("a safetensors file"),
  SAFETENSORS_INDEX("the index of a safetensors file in several shards"),
  ONNX("an ONNX model"),
  GGUF("a GGUF file"),
  GGML("a GGML file"),
  HDF5("an HDF5 file, as Keras writes them"),
  NUMPY("a NumPy array (.npy)"),
  NUMPY_ARCHIVE("an archive of NumPy arrays (.npz)"),
  TENSORFLOW_GRAPH("a TensorFlow graph (protobuf)"),
  TENSORFLOW_LITE("a TensorFlow Lite model"),
  KERAS("a Keras model (.keras)"),
  MOBILE_FLATBUFFER("a lite-interpreter model in flatbuffers (.ptl)"),
  EXECUTORCH("an ExecuTorch program (.pte)"),
  OPENVINO("an OpenVINO model (.xml)"),
  GZIP("a gzip file"),
  BZIP2("a bzip2 file"),
  XZ("an xz file"),
  ZSTD("a Zstandard file"),
  SEVEN_ZIP("a 7-Zip file"),
  TAR("a tar file"),
  ZIP("a zip archive of another kind"),
  BROKEN_ZIP(
      "a zip archive that is truncated or altered, as TorchScript, torch.save and"
          + " torch.export archives are"),
  PDF("a PDF document"),
  PNG("a PNG image"),
  JPEG("a JPEG image"),
  EXECUTABLE("a program or shared library"),
  GIT_LFS_POINTER("the pointer of a file in Git LFS, not the file itself: run git lfs pull"),
  HTML("an HTML page, as a download that failed leaves"),
  XML("an XML document"),
  JSON("a JSON document"),
  TEXT("a text"),
  EMPTY("an empty file"),
  DIRECTORY("a directory"),
  TENSORFLOW_SAVED_MODEL("a directory with a TensorFlow SavedModel"),
  UNKNOWN("a file of unknown kind");

  private final String words;

  FileKind(String words) {
    this.words = words;
  }

  /** Returns the kind in words, with an article. */
  public String words() {
    return words;
  }

  /**
   * Recognizes a file.
   *
   * @return the kind; {@link #UNKNOWN} if nothing fits
   * @throws NoSuchFileException if there is no such file
   * @throws IOException if the file can't be read
   */
  public static FileKind of(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      return Files.isRegularFile(file.resolve("saved_model.pb"))
          ? TENSORFLOW_SAVED_MODEL
          : DIRECTORY;
    }
    byte[] head = FileHead.read(file);
    FileKind kind = FileHead.kind(head);
    if (kind == ZIP) {
      return ZipKinds.of(file);
    }
    return kind == JSON && FileHead.isShardIndex(file) ? SAFETENSORS_INDEX : kind;
  }

  /** Refuses all but zip archives, sound or not. */
  static void requireZip(Path file, String expected) throws IOException {
    if (Files.isDirectory(file) || FileHead.kind(FileHead.read(file)) != ZIP) {
      throw of(file).refuse(file, expected);
    }
  }

  /** A refusal of a file that is of another kind than was needed. */
  ModelFileException refuse(Path file, String expected) {
    return ModelFileException.of(file, words + ", expected " + expected);
  }

  /** Tells whether this is one of some kinds. */
  boolean isOneOf(FileKind... kinds) {
    return Arrays.asList(kinds).contains(this);
  }
}
