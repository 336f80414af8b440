// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.runtime.artifact.Artifact;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** Converts all-MiniLM-L6-v2 into an artifact of integers, with PyTorch. */
public final class ConvertMiniLm {
  private static final int BATCH = 32;

  private ConvertMiniLm() {}

  /**
   * Writes the artifact.
   *
   * @param out says what is done
   * @throws IOException if the weights can't be read, or the artifact can't be written
   */
  public static void run(Path artifact, PrintStream out) throws IOException {
    try (PointerScope scope = new PointerScope();
        SentenceTokenizer tokenizer = SentenceTokenizer.open()) {
      GraphModule model = MiniLm.load();
      List<TokenBatch> search = batches(tokenizer, Sentences.forSearch());
      float[] floats = embed(model, search);

      List<TokenBatch> calibration = MiniLmConversion.calibrationBatches(tokenizer);
      MiniLmConversion.smooth(model, calibration);
      GraphModule converted = MiniLmConversion.convert(model, calibration);
      LoweredModel lowered = MiniLmConversion.lower(converted, calibration.get(0));
      Artifact.write(lowered.program(), artifact);

      LoweringReport report = lowered.report();
      out.printf(
          Locale.ROOT,
          "%s: %.1f MB, %d layers in integers (weights in floats: %.1f MB)%n",
          artifact,
          Files.size(artifact) / 1e6,
          report.rows(Arithmetic.INTEGER).size(),
          report.floatWeightBytes() / 1e6);
      out.println("Beside the model in floats, " + Sentences.forSearch().size() + " sentences:");
      out.println("  simulated: " + Fidelity.of(floats, embed(converted, search), MiniLm.WIDTH));
      try (SentenceEncoder encoder = SentenceEncoder.open(artifact)) {
        float[] integers = encoder.embed(Sentences.forSearch());
        out.println("  integers:  " + Fidelity.of(floats, integers, MiniLm.WIDTH));
      }
    }
  }

  /** Returns sentences as tokens, some at a time. */
  public static List<TokenBatch> batches(SentenceTokenizer tokenizer, List<String> sentences) {
    List<TokenBatch> batches = new ArrayList<>();
    for (int from = 0; from < sentences.size(); from += BATCH) {
      int to = Math.min(sentences.size(), from + BATCH);
      batches.add(tokenizer.encode(sentences.subList(from, to)));
    }
    return batches;
  }

  /** Returns the embeddings of batches by a model, one after the other. */
  public static float[] embed(GraphModule model, List<TokenBatch> batches) {
    int sentences = batches.stream().mapToInt(TokenBatch::sentences).sum();
    float[] embeddings = new float[sentences * MiniLm.WIDTH];
    int at = 0;
    for (TokenBatch batch : batches) {
      try (Tensor result = MiniLmConversion.run(model, batch)) {
        float[] part = new float[batch.sentences() * MiniLm.WIDTH];
        result.data_ptr_float().get(part);
        System.arraycopy(part, 0, embeddings, at, part.length);
        at += part.length;
      }
    }
    return embeddings;
  }

  /** Takes the path of the artifact. */
  public static void main(String[] args) throws IOException {
    if (args.length != 1) {
      System.err.println("usage: ConvertMiniLm ARTIFACT");
      System.exit(2);
    }
    run(Path.of(args[0]), System.out);
  }
}
