// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import ai.onnxruntime.OnnxJavaType;
import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/**
 * Sentences of one length as inputs of models of embeddings: the same tokens for each. Octet's
 * program ends with embeddings; ONNX Runtime's models end with a vector for every token, and leave
 * mean and length to the caller, which are not counted.
 */
record MiniLmTokens(int batch, int tokens) {
  private static final int FIRST_WORD = 1996;
  private static final int LAST_WORD = 29612;
  private static final int WIDTH = 384;
  private static final String INT8_FILE = "-q.onnx";

  private long[] words() {
    int count = batch * tokens;
    return new Random(count).longs(count, FIRST_WORD, LAST_WORD).toArray();
  }

  /** Returns the same number for every token. */
  private long[] all(long number) {
    long[] all = new long[batch * tokens];
    Arrays.fill(all, number);
    return all;
  }

  /** Returns a run of Octet's program. */
  Runnable run(Session session) {
    IoBinding binding =
        session
            .bind()
            .input("input_ids", TensorData.of(words(), batch, tokens))
            .input("attention_mask", TensorData.of(all(1), batch, tokens))
            .allocateOutputs();
    return binding::run;
  }

  /** Opens one of ONNX Runtime's models for these inputs. */
  OnnxSession open(Path file, int threads) throws IOException {
    // The two files come from different exports.
    String output = file.toString().endsWith(INT8_FILE) ? "last_hidden_state" : "output_0";
    OnnxSession session = new OnnxSession(Files.readAllBytes(file), threads);
    long[] shape = {batch, tokens};
    ByteBuffer result = direct((long) batch * tokens * WIDTH * Float.BYTES);
    return session
        .input("input_ids", OnnxJavaType.INT64, direct(words()), shape)
        .input("attention_mask", OnnxJavaType.INT64, direct(all(1)), shape)
        .input("token_type_ids", OnnxJavaType.INT64, direct(all(0)), shape)
        .output(output, OnnxJavaType.FLOAT, result, batch, tokens, WIDTH);
  }

  private static ByteBuffer direct(long[] elements) {
    ByteBuffer buffer = direct((long) elements.length * Long.BYTES);
    buffer.asLongBuffer().put(elements);
    return buffer;
  }

  private static ByteBuffer direct(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
  }

  @Override
  public String toString() {
    return "batch " + batch + ", " + tokens + " tokens";
  }
}
