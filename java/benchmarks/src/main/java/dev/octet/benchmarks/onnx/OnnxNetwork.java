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
 * A network of convolutions as an ONNX model, in floats or statically quantized in the form in
 * which ONNX Runtime's own tool leaves models: pairs of QuantizeLinear and DequantizeLinear around
 * every operator, unsigned activations, signed weights with a scale for every channel, ranges by
 * minimum and maximum. ONNX Runtime makes integer operators of these when it opens the model.
 */
public abstract class OnnxNetwork {
  /**
   * A weight or bias.
   *
   * @param values the elements, row-major
   * @param shape their sizes
   */
  public record Parameter(float[] values, long... shape) {}

  /**
   * A result [batch, channels, size, size], on its grid.
   *
   * @param value its name
   * @param channels of it
   * @param size its height and width
   */
  record Image(String value, int channels, int size) {}

  /** The grid of codes 0 to 255. */
  private record Grid(float scale, int zeroPoint) {
    static Grid of(float least, float greatest) {
      float low = Math.min(0, least);
      float scale = Math.max((Math.max(0, greatest) - low) / 255, 1e-8f);
      return new Grid(scale, Math.round(-low / scale));
    }
  }

  private static final int CHANNELS = 3;
  private static final String MEAN = "avgpool";
  private static final String FLATTEN = "flatten";
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
  OnnxNetwork(Map<String, Parameter> parameters, int size) {
    this.parameters = Map.copyOf(parameters);
    this.size = size;
  }

  /** Returns the number of classes. */
  public final int classes() {
    return (int) weight(classifier()).shape()[0];
  }

  /** Returns the name of the last layer. */
  abstract String classifier();

  /**
   * Adds the layers from the images, on their grid, to the features in front of the mean over the
   * image.
   */
  abstract Image features(Image x);

  /**
   * Adds the layers between the features of an image, [batch, channels] on their grid, and the last
   * one. None here.
   */
  String beforeClassifier(String features) {
    return features;
  }

  /** Returns the name of the grid of a result: its own but where codes are only moved. */
  String gridName(String name) {
    return name.equals(FLATTEN) ? MEAN : name;
  }

  /** Returns the model in floats, from "x" [batch, 3, size, size] to "y" [batch, classes]. */
  public final byte[] floats(int batch) {
    return build(batch, null, false);
  }

  /**
   * Returns the quantized model, from floats to floats.
   *
   * @param images [samples, 3, size, size] to calibrate it
   */
  public final byte[] quantized(int batch, float[] images) {
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
    String input = model.input("x", DataType.FLOAT, batch, CHANNELS, size, size);
    Image features = features(new Image(onGrid(input, "x"), CHANNELS, size));
    String mean = mean(MEAN, features).value();
    String y = model.node("Flatten", FLATTEN, List.of(mean), Attribute.of("axis", 1));
    y = beforeClassifier(onGrid(y, FLATTEN));
    String scores = classifier();
    gemm(scores, grids == null ? "y" : scores, y);
    if (grids != null) {
      model.node("Identity", "y", List.of(onGrid(scores, "y")));
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

  /** Returns a weight or null. */
  final Parameter weight(String path) {
    return parameters.get(path + ".weight");
  }

  /**
   * Adds a convolution.
   *
   * @param path of its weights
   * @param activation "Relu", "Clip" from 0 to 6, "HardSwish", "HardSigmoid", or null
   */
  final Image convolution(String path, Image x, int stride, int padding, String activation) {
    Parameter weight = weight(path);
    int kernel = (int) weight.shape()[2];
    int channels = (int) weight.shape()[0];
    int out = (x.size() + 2 * padding - kernel) / stride + 1;
    String y =
        model.node(
            "Conv",
            activation == null ? path : path + ".conv",
            List.of(x.value(), weights(path), bias(path, source(x.value()))),
            Attribute.of("group", x.channels() / weight.shape()[1]),
            Attribute.list("kernel_shape", kernel, kernel),
            Attribute.list("strides", stride, stride),
            Attribute.list("pads", padding, padding, padding, padding));
    if (isBehindGrid(activation)) {
      y = result(y, channels, out, out);
    }
    if (activation != null) {
      y = activation(activation, path, y);
    }
    return new Image(result(y, channels, out, out), channels, out);
  }

  /** Tells whether what an activation takes is quantized, because the layer can't apply it. */
  private static boolean isBehindGrid(String activation) {
    return activation != null && activation.startsWith("Hard");
  }

  /** Adds a layer of [batch, channels] and an activation; see {@link #convolution}. */
  final String linear(String path, String x, String activation) {
    long out = weight(path).shape()[0];
    String y = result(gemm(path, path + ".gemm", x), out);
    return result(activation(activation, path, y), out);
  }

  private String gemm(String path, String name, String x) {
    return model.node(
        "Gemm", name, List.of(x, weights(path), bias(path, source(x))), Attribute.of("transB", 1));
  }

  private String activation(String operator, String path, String y) {
    if (operator.equals("HardSigmoid")) {
      return model.node(operator, path, List.of(y), Attribute.of("alpha", 1f / 6));
    }
    if (operator.equals("Clip")) {
      String least = model.floats(path + "/least", new float[] {0});
      String greatest = model.floats(path + "/greatest", new float[] {6});
      return model.node(operator, path, List.of(y, least, greatest));
    }
    return model.node(operator, path, List.of(y));
  }

  /** Adds a sum, and a ReLU of it if that is wanted. */
  final Image sum(String path, Image x, Image y, boolean relu) {
    String sum = model.node("Add", relu ? path + ".add" : path, List.of(x.value(), y.value()));
    if (relu) {
      sum = model.node("Relu", path, List.of(sum));
    }
    return new Image(result(sum, x.channels(), x.size(), x.size()), x.channels(), x.size());
  }

  /** Adds the mean of each channel. */
  final Image mean(String name, Image x) {
    String y = model.node("GlobalAveragePool", name, List.of(x.value()));
    return new Image(result(y, x.channels(), 1, 1), x.channels(), 1);
  }

  /** Adds a product of factors, [batch, channels, 1, 1], and an image. */
  final Image product(String path, Image factors, Image x) {
    String product = model.node("Mul", path, List.of(factors.value(), x.value()));
    return new Image(result(product, x.channels(), x.size(), x.size()), x.channels(), x.size());
  }

  /** Adds pooling by maximum, of 3 x 3 pixels by steps of 2. */
  final Image maxPool(String name, Image x) {
    String y =
        model.node(
            "MaxPool",
            name,
            List.of(x.value()),
            Attribute.list("kernel_shape", 3, 3),
            Attribute.list("strides", 2, 2),
            Attribute.list("pads", 1, 1, 1, 1));
    int out = (x.size() + 1) / 2;
    return new Image(result(y, x.channels(), out, out), x.channels(), out);
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
