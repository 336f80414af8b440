// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;

/** Embeddings by ONNX Runtime: its result for every token, then the mean and length 1. */
final class OnnxEmbeddings implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  OnnxEmbeddings(String resource) throws IOException, OrtException {
    try (InputStream file = OnnxEmbeddings.class.getResourceAsStream(resource)) {
      session = environment.createSession(file.readAllBytes());
    }
  }

  float[] embed(List<TokenBatch> batches) throws OrtException {
    int sentences = batches.stream().mapToInt(TokenBatch::sentences).sum();
    float[] embeddings = new float[sentences * MiniLm.WIDTH];
    int at = 0;
    for (TokenBatch batch : batches) {
      float[] tokens = tokens(batch);
      for (int i = 0; i < batch.sentences(); i++, at += MiniLm.WIDTH) {
        pool(tokens, batch, i, embeddings, at);
      }
    }
    return embeddings;
  }

  private float[] tokens(TokenBatch batch) throws OrtException {
    long[] shape = {batch.sentences(), batch.tokens()};
    try (OnnxTensor ids =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(batch.ids()), shape);
        OnnxTensor mask =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(batch.mask()), shape);
        OnnxTensor segments =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(new long[batch.ids().length]), shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", segments))) {
      FloatBuffer buffer = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] tokens = new float[buffer.remaining()];
      buffer.get(tokens);
      return tokens;
    }
  }

  private static void pool(float[] tokens, TokenBatch batch, int row, float[] into, int at) {
    double[] mean = new double[MiniLm.WIDTH];
    for (int t = 0; t < batch.tokens(); t++) {
      int token = row * batch.tokens() + t;
      for (int k = 0; k < mean.length && batch.mask()[token] != 0; k++) {
        mean[k] += tokens[token * MiniLm.WIDTH + k];
      }
    }
    double squares = 0;
    for (double value : mean) {
      squares += value * value;
    }
    for (int k = 0; k < mean.length; k++) {
      into[at + k] = (float) (mean[k] / Math.sqrt(squares));
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
