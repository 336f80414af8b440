// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.runtime.artifact.Artifact;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** all-MiniLM-L6-v2 with its real weights, beside ONNX Runtime. */
class MiniLmTest {
  private static final List<String> NOT_FOR_SERVING =
      List.of("pytorch", "openblas", "octet-quantization", "quantization/target", "onnx");

  @TempDir static Path folder;

  private static PointerScope scope;
  private static SentenceTokenizer tokenizer;
  private static List<TokenBatch> search;
  private static float[] onnx;
  private static float[] onnxInt8;
  private static float[] floats;
  private static float[] smoothed;
  private static float[] simulated;
  private static LoweredModel lowered;
  private static Path artifact;

  @BeforeAll
  static void convert() throws Exception {
    torch.set_num_threads(1);
    scope = new PointerScope();
    tokenizer = SentenceTokenizer.open();
    search = ConvertMiniLm.batches(tokenizer, Sentences.forSearch());
    try (OnnxEmbeddings model = new OnnxEmbeddings("/all-minilm-l6-v2.onnx");
        OnnxEmbeddings quantized = new OnnxEmbeddings("/all-minilm-l6-v2-q.onnx")) {
      onnx = model.embed(search);
      onnxInt8 = quantized.embed(search);
    }
    GraphModule model = MiniLm.load();
    floats = ConvertMiniLm.embed(model, search);
    List<TokenBatch> calibration = MiniLmConversion.calibrationBatches(tokenizer);
    MiniLmConversion.smooth(model, calibration);
    smoothed = ConvertMiniLm.embed(model, search);
    GraphModule converted = MiniLmConversion.convert(model, calibration);
    simulated = ConvertMiniLm.embed(converted, search);
    lowered = MiniLmConversion.lower(converted, calibration.get(0));
    artifact = folder.resolve("minilm.octet");
    Artifact.write(lowered.program(), artifact);
  }

  @AfterAll
  static void close() {
    tokenizer.close();
    scope.close();
  }

  private static Fidelity fidelity(float[] embeddings) {
    return Fidelity.of(onnx, embeddings, MiniLm.WIDTH);
  }

  @Test
  void graphInFloatsComputesWhatOnnxRuntimeDoes() {
    assertEquals(420, onnx.length / MiniLm.WIDTH);
    assertArrayEquals(onnx, floats, 1e-4f);
  }

  @Test
  void smoothingLeavesFloatsAsTheyAre() {
    assertArrayEquals(floats, smoothed);
  }

  @Test
  void simulatedModelIsNearFloats() {
    Fidelity fidelity = fidelity(simulated);
    assertTrue(fidelity.meanCosine() >= 0.995, fidelity::toString);
    assertTrue(fidelity.sameNearest() >= 0.9, fidelity::toString);
  }

  @Test
  void allLinearLayersAndAttentionRunInIntegers() {
    assertEquals(
        7 * MiniLm.LAYERS,
        lowered.report().rows(Arithmetic.INTEGER).size(),
        lowered.report()::toString);
  }

  @Test
  void integersAreNearerToFloatsThanOnnxRuntimesAre() throws Exception {
    Fidelity peer = fidelity(onnxInt8);
    try (SentenceEncoder encoder = SentenceEncoder.open(artifact)) {
      Fidelity fidelity = fidelity(encoder.embed(Sentences.forSearch()));
      String both = fidelity + "; ONNX Runtime int8: " + peer;
      assertTrue(fidelity.meanCosine() >= 0.995, both);
      assertTrue(fidelity.sameNearest() >= 0.9, both);
      assertTrue(fidelity.meanCosine() > peer.meanCosine(), both);
      assertTrue(fidelity.sameNearest() > peer.sameNearest(), both);
    }
  }

  @Test
  void embeddingsDoNotDependOnTheBatch() throws Exception {
    List<String> sentences = Sentences.forSearch().subList(0, 7);
    try (SentenceEncoder encoder = SentenceEncoder.open(artifact)) {
      float[] together = encoder.embed(sentences);
      for (int i = 0; i < sentences.size(); i++) {
        float[] alone = encoder.embed(List.of(sentences.get(i)));
        double cosine = Neighbours.cosine(together, i, alone, 0, MiniLm.WIDTH);
        assertEquals(1, cosine, 1e-5, sentences.get(i));
      }
    }
  }

  @Test
  void servesInAProcessWithoutPyTorch() throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> NOT_FOR_SERVING.stream().noneMatch(entry::contains))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                NearestSentences.class.getName(),
                artifact.toString(),
                "Can I have a refund for my order?")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.contains("PyTorch in the class path: no"), output);
    assertTrue(output.contains("Your refund will arrive within five working days."), output);
  }
}
