// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.octet.benchmarks.onnx.OnnxModel.Attribute;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * ResNet-18 as an ONNX model, in floats or statically quantized in the form in which ONNX Runtime's
 * own tool leaves models: pairs of QuantizeLinear and DequantizeLinear around every operator,
 * unsigned activations, signed weights with a scale for every channel, ranges by minimum and
 * maximum. ONNX Runtime makes integer operators of these when it opens the model.
 */
public final class OnnxResNet {
  /**
   * A weight or bias.
   *
   * @param values the elements, row-major
   * @param shape their sizes
   */
  public record Parameter(float[] values, long... shape) {}

  /** The grid of codes 0 to 255. */
  private record Grid(float scale, int zeroPoint) {
    static Grid of(float least, float greatest) {
      float low = Math.min(0, least);
      float scale = Math.max((Math.max(0, greatest) - low) / 255, 1e-8f);
      return new Grid(scale, Math.round(-low / scale));
    }
  }

  private static final int STAGES = 4;
  private static final int CHANNELS = 3;
  private static final int FLOAT_BYTES = Float.BYTES;

  private final Map<String, Parameter> parameters;
  private final int size;

  /** Sizes of the results of operators by name. */
  private final Map<String, long[]> shapes = new LinkedHashMap<>();

  private OnnxModel model;
  private Map<String, Grid> grids;
  private long batch;

  /**
   * Takes the network.
   *
   * @param parameters by PyTorch's names, BatchNorm folded into the convolutions
   * @param size height and width of the images
   */
  public OnnxResNet(Map<String, Parameter> parameters, int size) {
    this.parameters = Map.copyOf(parameters);
    this.size = size;
  }

  /** Returns the number of classes. */
  public int classes() {
    return (int) parameters.get("fc.weight").shape()[0];
  }

  /** Returns the model in floats, from "x" [batch, 3, size, size] to "y" [batch, classes]. */
  public byte[] floats(int batch) {
    return build(batch, null, false);
  }

  /**
   * Returns the quantized model, from floats to floats.
   *
   * @param images [samples, 3, size, size] to calibrate it
   */
  public byte[] quantized(int batch, float[] images) {
    return build(batch, calibrate(images), false);
  }

  /** Runs the float model with all of its intermediate results as outputs. */
  private Map<String, Grid> calibrate(float[] images) {
    int samples = images.length / (CHANNELS * size * size);
    byte[] observed = build(samples, null, true);
    Map<String, ByteBuffer> results = new LinkedHashMap<>();
    try (OnnxSession session = new OnnxSession(observed, 1)) {
      session.input("x", OnnxJavaType.FLOAT, floatBuffer(images), samples, CHANNELS, size, size);
      shapes.forEach(
          (name, shape) -> {
            long count = 1;
            for (long each : shape) {
              count *= each;
            }
            results.put(name, allocate(count));
            session.output(name, OnnxJavaType.FLOAT, results.get(name), shape);
          });
      session.run();
    }
    Map<String, Grid> found = new LinkedHashMap<>();
    found.put("x", grid(floatBuffer(images)));
    results.forEach((name, data) -> found.put(name, grid(data)));
    return found;
  }

  private static Grid grid(ByteBuffer data) {
    float least = 0;
    float greatest = 0;
    for (int i = 0; i < data.capacity(); i += FLOAT_BYTES) {
      least = Math.min(least, data.getFloat(i));
      greatest = Math.max(greatest, data.getFloat(i));
    }
    return Grid.of(least, greatest);
  }

  private static ByteBuffer floatBuffer(float[] values) {
    ByteBuffer buffer = allocate(values.length);
    buffer.asFloatBuffer().put(values);
    return buffer;
  }

  private static ByteBuffer allocate(long floats) {
    return ByteBuffer.allocateDirect(Math.toIntExact(floats * FLOAT_BYTES))
        .order(ByteOrder.nativeOrder());
  }

  private byte[] build(int samples, Map<String, Grid> quantization, boolean observed) {
    model = new OnnxModel();
    grids = quantization;
    batch = samples;
    shapes.clear();
    String y = onGrid(model.input("x", DataType.FLOAT, batch, CHANNELS, size, size), "x");
    int channels = (int) parameters.get("conv1.weight").shape()[0];
    y = convolution("conv1", y, size, 2, 3, true);
    int extent = (size + 1) / 2;
    extent = (extent + 1) / 2;
    y =
        result(
            model.node(
                "MaxPool",
                "maxpool",
                List.of(y),
                Attribute.list("kernel_shape", 3, 3),
                Attribute.list("strides", 2, 2),
                Attribute.list("pads", 1, 1, 1, 1)),
            channels,
            extent,
            extent);
    for (int stage = 1; stage <= STAGES; stage++) {
      for (int block = 0; block < 2; block++) {
        int stride = stage > 1 && block == 0 ? 2 : 1;
        y = block("layer" + stage + "." + block, y, extent, stride);
        extent = (extent + stride - 1) / stride;
      }
    }
    int features = (int) parameters.get("fc.weight").shape()[1];
    y = result(model.node("GlobalAveragePool", "avgpool", List.of(y)), features, 1, 1);
    y = onGrid(model.node("Flatten", "flatten", List.of(y), Attribute.of("axis", 1)), "flatten");
    model.node(
        "Gemm",
        grids == null ? "y" : "fc",
        List.of(y, weights("fc"), bias("fc", "avgpool")),
        Attribute.of("transB", 1));
    if (grids != null) {
      model.node("Identity", "y", List.of(onGrid("fc", "y")));
    }
    model.output("y", DataType.FLOAT, batch, classes());
    shapes.put("y", new long[] {batch, classes()});
    if (observed) {
      shapes.forEach(
          (name, shape) -> {
            if (!name.equals("y")) {
              model.output(name, DataType.FLOAT, shape);
            }
          });
    }
    return model.bytes();
  }

  private String block(String path, String x, int extent, int stride) {
    int out = (extent + stride - 1) / stride;
    String y = convolution(path + ".conv1", x, extent, stride, 1, true);
    y = convolution(path + ".conv2", y, out, 1, 1, false);
    String shortcut = path + ".downsample.0";
    String other =
        parameters.containsKey(shortcut + ".weight")
            ? convolution(shortcut, x, extent, stride, 0, false)
            : x;
    String sum = model.node("Add", path + ".add", List.of(y, other));
    int channels = (int) parameters.get(path + ".conv2.weight").shape()[0];
    return result(model.node("Relu", path, List.of(sum)), channels, out, out);
  }

  private String convolution(
      String path, String x, int extent, int stride, int padding, boolean relu) {
    Parameter weight = parameters.get(path + ".weight");
    int kernel = (int) weight.shape()[2];
    int out = (extent + 2 * padding - kernel) / stride + 1;
    String y =
        model.node(
            "Conv",
            relu ? path + ".conv" : path,
            List.of(x, weights(path), bias(path, source(x))),
            Attribute.list("kernel_shape", kernel, kernel),
            Attribute.list("strides", stride, stride),
            Attribute.list("pads", padding, padding, padding, padding));
    if (relu) {
      y = model.node("Relu", path, List.of(y));
    }
    return result(y, weight.shape()[0], out, out);
  }

  /** Notes the sizes of a result and puts it on its grid. */
  private String result(String name, long... sizes) {
    long[] shape = new long[sizes.length + 1];
    shape[0] = batch;
    System.arraycopy(sizes, 0, shape, 1, sizes.length);
    shapes.put(name, shape);
    return onGrid(name, name);
  }

  /** Quantizes and dequantizes a value on the grid that was found for a name. */
  private String onGrid(String value, String name) {
    if (grids == null) {
      return value;
    }
    Grid grid = grids.get(gridName(name));
    String scale = model.floats(name + "/scale", new float[] {grid.scale()});
    String zero = model.unsignedBytes(name + "/zero", new byte[] {(byte) grid.zeroPoint()});
    String codes = model.node("QuantizeLinear", name + "/codes", List.of(value, scale, zero));
    return model.node("DequantizeLinear", name + "/value", List.of(codes, scale, zero));
  }

  /** Pooling by maximum and flattening keep the grid: ONNX Runtime moves codes then. */
  private static String gridName(String name) {
    return switch (name) {
      case "maxpool" -> "conv1";
      case "flatten" -> "avgpool";
      default -> name;
    };
  }

  private static String source(String value) {
    return value.endsWith("/value") ? value.substring(0, value.length() - 6) : value;
  }

  private String weights(String path) {
    Parameter weight = parameters.get(path + ".weight");
    String name = path + ".weight";
    if (grids == null) {
      return model.floats(name, weight.values(), weight.shape());
    }
    float[] scales = scales(weight);
    byte[] codes = new byte[weight.values().length];
    int row = codes.length / scales.length;
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) Math.rint(weight.values()[i] / scales[i / row]);
    }
    return model.node(
        "DequantizeLinear",
        name,
        List.of(
            model.signedBytes(name + "/codes", codes, weight.shape()),
            model.floats(name + "/scale", scales, scales.length),
            model.signedBytes(name + "/zero", new byte[scales.length], scales.length)),
        Attribute.of("axis", 0));
  }

  private static float[] scales(Parameter weight) {
    float[] scales = new float[(int) weight.shape()[0]];
    int row = weight.values().length / scales.length;
    for (int i = 0; i < weight.values().length; i++) {
      scales[i / row] = Math.max(scales[i / row], Math.abs(weight.values()[i]) / 127);
    }
    return scales;
  }

  private String bias(String path, String source) {
    String name = path + ".bias";
    Parameter bias = parameters.get(name);
    if (grids == null) {
      return model.floats(name, bias.values(), bias.shape());
    }
    float[] scales = scales(parameters.get(path + ".weight"));
    int[] codes = new int[scales.length];
    for (int i = 0; i < scales.length; i++) {
      scales[i] *= grids.get(gridName(source)).scale();
      codes[i] = (int) Math.rint(bias.values()[i] / scales[i]);
    }
    return model.node(
        "DequantizeLinear",
        name,
        List.of(
            model.integers(name + "/codes", codes, codes.length),
            model.floats(name + "/scale", scales, scales.length),
            model.integers(name + "/zero", new int[scales.length], scales.length)),
        Attribute.of("axis", 0));
  }
}
