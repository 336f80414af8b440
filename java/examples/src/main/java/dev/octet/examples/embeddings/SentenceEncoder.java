// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Embeds sentences with an artifact: no PyTorch is needed. Safe for use by several threads; to be
 * closed.
 */
public final class SentenceEncoder implements AutoCloseable {
  /** Length of an embedding. */
  public static final int WIDTH = 384;

  private static final int BATCH = 32;

  private final SentenceTokenizer tokenizer;
  private final Session session;

  private SentenceEncoder(SentenceTokenizer tokenizer, Session session) {
    this.tokenizer = tokenizer;
    this.session = session;
  }

  /**
   * Opens an artifact that {@link ConvertMiniLm} has written.
   *
   * @throws IOException if it, or the tokenizer's file, can't be read
   */
  public static SentenceEncoder open(Path artifact) throws IOException {
    return open(artifact, SessionOptions.defaults());
  }

  /** Opens an artifact with settings. */
  public static SentenceEncoder open(Path artifact, SessionOptions options) throws IOException {
    SentenceTokenizer tokenizer = SentenceTokenizer.open();
    try {
      return new SentenceEncoder(tokenizer, Session.open(artifact, options));
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Returns the embeddings of sentences, one after the other: vectors of length 1. */
  public float[] embed(List<String> sentences) {
    float[] embeddings = new float[sentences.size() * WIDTH];
    for (int from = 0; from < sentences.size(); from += BATCH) {
      int to = Math.min(sentences.size(), from + BATCH);
      float[] part = embed(tokenizer.encode(sentences.subList(from, to)));
      System.arraycopy(part, 0, embeddings, from * WIDTH, part.length);
    }
    return embeddings;
  }

  /** Returns the embeddings of a batch of tokens. */
  public float[] embed(TokenBatch batch) {
    // README: serve
    Map<String, TensorData> inputs =
        Map.of(
            "input_ids", TensorData.of(batch.ids(), batch.sentences(), batch.tokens()),
            "attention_mask", TensorData.of(batch.mask(), batch.sentences(), batch.tokens()));
    return session.run(inputs).get("embeddings").floats();
    // README: end
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
