// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model that ONNX Runtime runs on memory that was bound before, with all of its optimizations.
 *
 * <p>Not thread-safe; to be closed.
 */
public final class OnnxSession implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();

  /**
   * Opens a model.
   *
   * @param model the bytes of a file
   * @param threads that one run may use, the calling one included
   */
  public OnnxSession(byte[] model, int threads) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      session = environment.createSession(model, options);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime does not take the model: " + e, e);
    }
  }

  /** Returns the version of ONNX Runtime. */
  public static String version() {
    return OrtEnvironment.getEnvironment().getVersion();
  }

  /** Binds direct memory to an input. */
  public OnnxSession input(String name, OnnxJavaType type, ByteBuffer data, long... shape) {
    inputs.put(name, tensor(type, data, shape));
    return this;
  }

  /** Binds direct memory to an output. */
  public OnnxSession output(String name, OnnxJavaType type, ByteBuffer data, long... shape) {
    outputs.put(name, tensor(type, data, shape));
    return this;
  }

  private OnnxTensor tensor(OnnxJavaType type, ByteBuffer data, long... shape) {
    if (!data.isDirect()) {
      throw new IllegalArgumentException("data is a heap buffer; expected a direct one");
    }
    try {
      return OnnxTensor.createTensor(environment, data, shape, type);
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime does not take the memory: " + e, e);
    }
  }

  /** Runs the model. */
  public void run() {
    try (OrtSession.Result result = session.run(inputs, outputs)) {
      if (result.size() != outputs.size()) {
        throw new IllegalStateException("ONNX Runtime gave " + result.size() + " outputs");
      }
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime failed: " + e, e);
    }
  }

  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
    outputs.values().forEach(OnnxTensor::close);
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime's session can't be closed: " + e, e);
    }
  }
}
