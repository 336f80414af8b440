// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The weights of an ONNX file that was exported from PyTorch, under their names in the PyTorch
 * model.
 *
 * <p>An export writes a linear layer as a product with the transposed weight, which has lost its
 * name, and the sum with the bias, which has not: so the bias tells whose weight it is.
 */
final class OnnxInitializers {
  private static final String BIAS = ".bias";
  private static final String WEIGHT = ".weight";

  private OnnxInitializers() {}

  /**
   * Reads the f32 weights of a file.
   *
   * @return by name; tensors of the caller's
   * @throws IOException if the stream can't be read or is no ONNX model
   */
  static Map<String, Tensor> read(InputStream onnx) throws IOException {
    GraphProto graph = ModelProto.parseFrom(onnx).getGraph();
    Map<String, String> linearNames = linearNames(graph);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (TensorProto initializer : graph.getInitializerList()) {
      if (initializer.getDataType() != TensorProto.DataType.FLOAT.getNumber()) {
        continue;
      }
      String name = initializer.getName();
      String linear = linearNames.get(name);
      if (linear == null) {
        tensors.put(name, tensor(initializer));
        continue;
      }
      try (Tensor transposed = tensor(initializer);
          Tensor view = transposed.t()) {
        tensors.put(linear, view.contiguous());
      }
    }
    return tensors;
  }

  /** Returns the names of weights by those of the initializers of products. */
  private static Map<String, String> linearNames(GraphProto graph) {
    Map<String, NodeProto> products = new HashMap<>();
    Map<String, String> names = new HashMap<>();
    for (NodeProto node : graph.getNodeList()) {
      if (node.getOpType().equals("MatMul")) {
        products.put(node.getOutput(0), node);
      } else if (node.getOpType().equals("Add")) {
        List<String> terms = node.getInputList();
        for (int i = 0; i < 2; i++) {
          NodeProto product = products.get(terms.get(1 - i));
          String bias = terms.get(i);
          if (product != null && bias.endsWith(BIAS)) {
            String layer = bias.substring(0, bias.length() - BIAS.length());
            names.put(product.getInput(1), layer + WEIGHT);
          }
        }
      }
    }
    return names;
  }

  private static Tensor tensor(TensorProto initializer) {
    long[] shape = initializer.getDimsList().stream().mapToLong(Long::longValue).toArray();
    FloatBuffer data =
        initializer
            .getRawData()
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    float[] elements = new float[data.remaining()];
    data.get(elements);
    try (Tensor flat = Tensor.create(elements)) {
      return flat.reshape(shape).clone();
    }
  }
}
