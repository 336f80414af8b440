// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import dev.octet.runtime.EveryKind;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import dev.octet.runtime.safetensors.TensorInfo;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Files that were changed on purpose, and what may come of reading and running them. */
final class Alteration {
  private static final long MOST_BYTES = 16 << 20;

  private Alteration() {}

  /** Returns the JSON of the program with every kind. */
  static String everyKind(Path file) throws IOException {
    Artifact.write(EveryKind.program(), file);
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return tensors.metadata().get(Artifact.PROGRAM_KEY);
    }
  }

  /** Writes the tensors of a file with another program, all checksums as they should be. */
  static void rewrite(Path original, String json, Path target) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(original)) {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      SafetensorsWriter writer =
          new SafetensorsWriter()
              .metadata(Artifact.FORMAT_KEY, Artifact.FORMAT)
              .metadata(Artifact.VERSION_KEY, Integer.toString(Artifact.FORMAT_VERSION))
              .metadata(Artifact.PROGRAM_KEY, json)
              .metadata(Artifact.CHECKSUM_KEY, Checksum.of(ByteBuffer.wrap(bytes)));
      for (Map.Entry<String, TensorInfo> entry : file.tensors().entrySet()) {
        TensorInfo info = entry.getValue();
        writer.add(entry.getKey(), info.dtype(), info.shape(), file.data(entry.getKey()));
      }
      writer.write(target);
    }
  }

  /**
   * Reads a file and runs what is in it on zeros; returns whether it is a program that runs. Any
   * exception but the documented ones is passed on.
   */
  static boolean readsAndRuns(Path file) throws IOException {
    Program program;
    try {
      program = Artifact.read(file);
    } catch (ArtifactException e) {
      return false;
    }
    SessionOptions options = SessionOptions.defaults().withMaxPlanBytes(MOST_BYTES);
    try (Session session = Session.open(program, options)) {
      session.run(zeros(program));
      return true;
    } catch (IllegalArgumentException | NativeMemoryException e) {
      return false;
    }
  }

  private static Map<String, TensorData> zeros(Program program) {
    Map<String, TensorData> inputs = new HashMap<>();
    for (Value input : program.inputs()) {
      long[] shape =
          input.shape().dimensions().stream()
              .mapToLong((Dimension d) -> d.isFixed() ? d.value() : 2)
              .toArray();
      long count = 1;
      for (long size : shape) {
        count = Math.min(MOST_BYTES + 1, size) * Math.min(MOST_BYTES + 1, count);
      }
      ElementType type = input.type();
      if (count > MOST_BYTES) {
        throw new IllegalArgumentException("input '" + input.name() + "' is large");
      }
      inputs.put(
          input.name(), TensorData.of(ByteBuffer.allocate((int) count * type.byteSize()), shape));
    }
    return inputs;
  }

  /** Writes bytes to a file and returns whether they are a program that runs. */
  static boolean readsAndRuns(byte[] bytes, Path file) throws IOException {
    Files.write(file, bytes);
    return readsAndRuns(file);
  }
}
