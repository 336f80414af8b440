// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import dev.octet.bindings.NativeLibrary;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Searches sentences by meaning, in a process without PyTorch. */
public final class NearestSentences {
  private static final int NEAREST = 3;
  private static final List<String> QUERIES =
      List.of(
          "How can I get my money back?",
          "The program stops with an error.",
          "What should I plant in autumn?",
          "Is it going to rain tomorrow?");

  private NearestSentences() {}

  /**
   * Prints the nearest sentences to queries.
   *
   * @throws IOException if the artifact can't be read
   */
  public static void run(Path artifact, List<String> queries, PrintStream out) throws IOException {
    try (SentenceEncoder encoder = SentenceEncoder.open(artifact)) {
      List<String> sentences = Sentences.forSearch();
      long start = System.nanoTime();
      float[] embeddings = encoder.embed(sentences);
      double seconds = (System.nanoTime() - start) / 1e9;
      out.printf(
          Locale.ROOT,
          "%d sentences embedded in %.2f s (%s); PyTorch in the class path: %s%n",
          sentences.size(),
          seconds,
          NativeLibrary.instructionSet(),
          hasPyTorch() ? "yes" : "no");
      for (String query : queries) {
        float[] embedding = encoder.embed(List.of(query));
        out.println();
        out.println(query);
        for (int i : Neighbours.nearest(embeddings, embedding, SentenceEncoder.WIDTH, NEAREST)) {
          double cosine = Neighbours.cosine(embeddings, i, embedding, 0, SentenceEncoder.WIDTH);
          out.printf(Locale.ROOT, "  %.3f  %s%n", cosine, sentences.get(i));
        }
      }
    }
  }

  private static boolean hasPyTorch() {
    return NearestSentences.class.getResource("/org/bytedeco/pytorch/Tensor.class") != null;
  }

  /** Takes the path of the artifact, and queries. */
  public static void main(String[] args) throws IOException {
    if (args.length == 0) {
      System.err.println("usage: NearestSentences ARTIFACT [QUERY...]");
      System.exit(2);
    }
    List<String> queries = Arrays.asList(args).subList(1, args.length);
    run(Path.of(args[0]), queries.isEmpty() ? QUERIES : queries, System.out);
  }
}
