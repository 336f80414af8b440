// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;

/** Builds an ONNX model, node after node. */
public final class OnnxModel {
  /** The domain of ONNX Runtime's own operators. */
  public static final String MICROSOFT = "com.microsoft";

  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("graph");

  /** Declares an input of fixed sizes and returns its name. */
  public String input(String name, DataType type, long... shape) {
    graph.addInput(declaration(name, type, shape));
    return name;
  }

  /** Declares an output of fixed sizes. */
  public OnnxModel output(String name, DataType type, long... shape) {
    graph.addOutput(declaration(name, type, shape));
    return this;
  }

  private static ValueInfoProto declaration(String name, DataType type, long... shape) {
    TensorShapeProto.Builder sizes = TensorShapeProto.newBuilder();
    for (long size : shape) {
      sizes.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(sizes)))
        .build();
  }

  /** Adds constant floats and returns their name. */
  public String floats(String name, float[] values, long... shape) {
    ByteBuffer data = little(values.length * Float.BYTES);
    data.asFloatBuffer().put(values);
    return constant(name, DataType.FLOAT, data, shape);
  }

  /** Adds constant 32-bit integers and returns their name. */
  public String integers(String name, int[] values, long... shape) {
    ByteBuffer data = little(values.length * Integer.BYTES);
    data.asIntBuffer().put(values);
    return constant(name, DataType.INT32, data, shape);
  }

  /** Adds constant signed bytes and returns their name. */
  public String signedBytes(String name, byte[] values, long... shape) {
    return constant(name, DataType.INT8, ByteBuffer.wrap(values), shape);
  }

  /** Adds constant unsigned bytes and returns their name. */
  public String unsignedBytes(String name, byte[] values, long... shape) {
    return constant(name, DataType.UINT8, ByteBuffer.wrap(values), shape);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private String constant(String name, DataType type, ByteBuffer data, long... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(type.getNumber())
            .setRawData(ByteString.copyFrom(data));
    for (long size : shape) {
      tensor.addDims(size);
    }
    graph.addInitializer(tensor);
    return name;
  }

  /** Adds an operator of the standard and returns the name of its output. */
  public String node(String operator, String output, List<String> inputs, Attribute... attributes) {
    return node("", operator, output, inputs, attributes);
  }

  /** Adds an operator of a domain and returns the name of its output. */
  public String node(
      String domain, String operator, String output, List<String> inputs, Attribute... attributes) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setName(output)
            .setDomain(domain)
            .setOpType(operator)
            .addAllInput(inputs)
            .addOutput(output);
    for (Attribute attribute : attributes) {
      attribute.accept(node);
    }
    graph.addNode(node);
    return output;
  }

  /** An attribute of a node. */
  public interface Attribute extends Consumer<NodeProto.Builder> {
    /** Returns a whole number. */
    static Attribute of(String name, long value) {
      return node ->
          node.addAttribute(
              AttributeProto.newBuilder()
                  .setName(name)
                  .setType(AttributeProto.AttributeType.INT)
                  .setI(value));
    }

    /** Returns a number. */
    static Attribute of(String name, float value) {
      return node ->
          node.addAttribute(
              AttributeProto.newBuilder()
                  .setName(name)
                  .setType(AttributeProto.AttributeType.FLOAT)
                  .setF(value));
    }

    /** Returns a list of whole numbers. */
    static Attribute list(String name, long... values) {
      AttributeProto.Builder attribute =
          AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
      for (long value : values) {
        attribute.addInts(value);
      }
      return node -> node.addAttribute(attribute);
    }
  }

  /** Returns the model as the bytes of a file. */
  public byte[] bytes() {
    return ModelProto.newBuilder()
        .setIrVersion(IR_VERSION)
        .setProducerName("octet-benchmarks")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(MICROSOFT).setVersion(1))
        .setGraph(graph)
        .build()
        .toByteArray();
  }
}
