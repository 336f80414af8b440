// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.octet.benchmarks.onnx.OnnxModel;
import dev.octet.benchmarks.onnx.OnnxModel.Attribute;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import java.util.List;
import java.util.Random;

/**
 * A convolution with bias and ReLU from codes to codes, the images channels last, as it stands in
 * the middle of a quantized network: the same weights, grids and bias for every way to run it.
 */
final class ConvLayer {
  static final float X_SCALE = 0.02f;
  static final float WEIGHT_SCALE = 0.005f;

  /** Standard deviations of uniform codes of 8 bits. */
  private static final double CODE_DEVIATION = 73.9;

  private static final double CODE_ROOT_MEAN_SQUARE = 147.2;

  final ConvShape shape;

  /** [out, in / groups, kernel, kernel]. */
  final byte[] weights;

  final float[] scales;
  final int[] bias;
  final float outScale;

  ConvLayer(ConvShape shape) {
    this.shape = shape;
    Random random = new Random(1);
    weights = new byte[shape.out() * shape.depth()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (byte) (random.nextInt(255) - 127);
    }
    scales = new float[shape.out()];
    bias = new int[shape.out()];
    double deviation = Math.sqrt(shape.depth()) * CODE_DEVIATION * CODE_ROOT_MEAN_SQUARE;
    for (int i = 0; i < scales.length; i++) {
      scales[i] = WEIGHT_SCALE * (0.5f + random.nextFloat());
      bias[i] = (int) (deviation * random.nextGaussian() / 4);
    }
    outScale = (float) (deviation * X_SCALE * WEIGHT_SCALE * 3 / 255);
  }

  /** Returns the bias in real numbers. */
  float[] floatBias() {
    float[] values = new float[bias.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((double) bias[i] * X_SCALE * scales[i]);
    }
    return values;
  }

  /** Returns the weights in real numbers. */
  float[] floatWeights() {
    float[] values = new float[weights.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = weights[i] * scales[i / shape.depth()];
    }
    return values;
  }

  /** Returns a program of this operation alone, from "x" to "y". */
  Program program(int batch) {
    ProgramBuilder b = Program.builder();
    Grid codes = Grid.perTensor(X_SCALE, 0, 0, 255);
    var x =
        b.input(
            "x", ElementType.U8, Shape.of(batch, shape.size(), shape.size(), shape.in()), codes);
    var w =
        b.constant(
            "w",
            ElementType.S8,
            Shape.of(shape.out(), shape.inOfGroup(), shape.kernel(), shape.kernel()),
            Grid.perChannel(scales, null, Byte.MIN_VALUE, Byte.MAX_VALUE, 0),
            weights);
    long pad = shape.padding();
    long stride = shape.stride();
    var y =
        b.conv2d(x, w)
            .input("bias", b.constant("b", Shape.of(shape.out()), floatBias()))
            .set("stride", List.of(stride, stride))
            .set("padding", List.of(pad, pad, pad, pad))
            .set("groups", (long) shape.groups())
            .set("activation", "relu")
            .as("y", ElementType.U8, Grid.perTensor(outScale, 0, 0, 255));
    return b.output(y).build();
  }

  /**
   * Returns an ONNX model of this operation alone, in ONNX Runtime's own form of QLinearConv that
   * takes images channels last; ReLU is the saturation at the zero point 0.
   */
  byte[] onnx(int batch) {
    OnnxModel model = new OnnxModel();
    long size = shape.size();
    long out = shape.outSize();
    byte[] zero = {0};
    List<String> inputs =
        List.of(
            model.input("x", DataType.UINT8, batch, size, size, shape.in()),
            model.floats("x_scale", new float[] {X_SCALE}),
            model.unsignedBytes("x_zero", zero),
            model.signedBytes(
                "w", weights, shape.out(), shape.inOfGroup(), shape.kernel(), shape.kernel()),
            model.floats("w_scale", scales, shape.out()),
            model.signedBytes("w_zero", new byte[shape.out()], shape.out()),
            model.floats("y_scale", new float[] {outScale}),
            model.unsignedBytes("y_zero", zero),
            model.integers("b", bias, shape.out()));
    long pad = shape.padding();
    model.node(
        OnnxModel.MICROSOFT,
        "QLinearConv",
        "y",
        inputs,
        Attribute.of("channels_last", 1),
        Attribute.of("group", shape.groups()),
        Attribute.list("kernel_shape", shape.kernel(), shape.kernel()),
        Attribute.list("strides", shape.stride(), shape.stride()),
        Attribute.list("pads", pad, pad, pad, pad),
        Attribute.list("dilations", 1, 1));
    return model.output("y", DataType.UINT8, batch, out, out, shape.out()).bytes();
  }

  /** Returns codes for the input. */
  byte[] codes(int batch) {
    byte[] codes = new byte[batch * shape.size() * shape.size() * shape.in()];
    new Random(2).nextBytes(codes);
    return codes;
  }
}
