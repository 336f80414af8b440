// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.benchmarks.startup.ColdStart;
import dev.octet.benchmarks.startup.StartCommand;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Sentence embeddings by all-MiniLM-L6-v2: Octet's program of integers beside ONNX Runtime with the
 * original in floats and with its dynamically quantized one.
 */
final class MiniLmSuite extends TensorSuite {
  static final String NAME = "minilm";

  private static final String FLOATS = "ONNX Runtime f32";
  private static final String INT8 = "ONNX Runtime dynamic int8";
  private static final MiniLmTokens[] SHAPES = {
    new MiniLmTokens(1, 16),
    new MiniLmTokens(1, 128),
    new MiniLmTokens(32, 16),
    new MiniLmTokens(32, 128)
  };
  private static final int RUNS_FOR_MEMORY = 3;

  private final int threads = NativeLibrary.threads();

  MiniLmSuite() {
    super(NAME);
    MiniLmFiles files = own(new MiniLmFiles());
    try {
      speed(files);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    processes(files, INT8, files.int8());
    processes(files, FLOATS, files.floats());
  }

  @Override
  public Map<String, String> peers() {
    return Map.of("ONNX Runtime", OnnxSession.version());
  }

  private void speed(MiniLmFiles files) throws IOException {
    SessionOptions options = SessionOptions.defaults().withThreads(threads);
    Session session = own(Session.open(files.artifact(), options));
    for (MiniLmTokens shape : SHAPES) {
      Runnable ours = shape.run(session);
      OnnxSession int8 = own(shape.open(files.int8(), threads));
      OnnxSession floats = own(shape.open(files.floats(), threads));
      add(Comparison.latency(shape.toString(), ours, INT8, int8::run));
      add(Comparison.latency(shape.toString(), ours, FLOATS, floats::run));
    }
  }

  private void processes(MiniLmFiles files, String peer, Path other) {
    MiniLmTokens sentence = SHAPES[0];
    MiniLmTokens largest = SHAPES[SHAPES.length - 1];
    StartCommand ours = MiniLmStart.octet();
    StartCommand theirs = MiniLmStart.onnxRuntime();
    Path artifact = files.artifact();
    add(
        Comparison.told(
            "JVM start to first result, " + sentence,
            "ms",
            () -> run(ours, artifact, sentence, 1).millis(),
            peer,
            () -> run(theirs, other, sentence, 1).millis()));
    if (ours.canArchive() && theirs.canArchive()) {
      StartCommand oursArchived = archived(ours, artifact, sentence);
      StartCommand theirsArchived = archived(theirs, other, sentence);
      add(
          Comparison.told(
              "JVM start to first result, classes of both archived, " + sentence,
              "ms",
              () -> run(oursArchived, artifact, sentence, 1).millis(),
              peer,
              () -> run(theirsArchived, other, sentence, 1).millis()));
    }
    add(
        Comparison.told(
            "peak resident memory, " + largest,
            "MB",
            () -> run(ours, artifact, largest, RUNS_FOR_MEMORY).peakMegabytes(),
            peer,
            () -> run(theirs, other, largest, RUNS_FOR_MEMORY).peakMegabytes()));
  }

  private ColdStart run(StartCommand command, Path model, MiniLmTokens tokens, int runs) {
    return command.run(model, tokens.batch(), tokens.tokens(), threads, runs);
  }

  /** Writes the data of the classes beside the model. */
  private StartCommand archived(StartCommand command, Path model, MiniLmTokens tokens) {
    Path archive = Path.of(model + ".jsa");
    return command.archived(archive, model, tokens.batch(), tokens.tokens(), threads, 1);
  }
}
