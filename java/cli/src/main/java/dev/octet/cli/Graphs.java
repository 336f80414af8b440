// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.bindings.NativeLibrary;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;

/** Models as graphs that can be lowered, and what lowering has to know of their inputs. */
final class Graphs {
  /** The name of the size of dimension 0 where nothing else was said. */
  static final String BATCH = "batch";

  /** Samples in the example on which shapes are found. */
  private static final long EXAMPLE_SAMPLES = 8;

  private Graphs() {}

  /** Opens, converts and calibrates a model that can be lowered. */
  static CalibratedModel calibrated(
      String model, ConversionOptions conversion, LoweringSettings settings)
      throws java.io.IOException {
    return CalibratedModel.of(model, conversion, settings.foldBatchNorm(), form(model));
  }

  private static UnaryOperator<Module> form(String model) {
    return module -> {
      if (module instanceof GraphModule) {
        return module;
      }
      if (module instanceof SequentialImpl sequential) {
        return GraphModule.fromSequential(sequential);
      }
      if (ModelSource.isFile(model)) {
        return GraphModule.sequential(module);
      }
      throw new IllegalArgumentException(
          "model '"
              + model
              + "' computes in the forward of a Java class, which can't be lowered to a program;"
              + " expected a TorchScript file, or a class that is a SequentialImpl or a Supplier"
              + " of a GraphModule ('octet convert' takes any class)");
    };
  }

  /**
   * Returns the options of lowering, whose examples are samples of the calibration data.
   *
   * @param metadata what the user wants to be kept in the artifact
   * @param examples receives the tensors of the options, which the caller closes after lowering
   */
  static LoweringOptions options(
      String model,
      CalibratedModel calibrated,
      LoweringSettings settings,
      Map<String, String> metadata,
      List<Tensor> examples) {
    List<GraphInput> inputs =
        ((GraphModule) calibrated.original()).methods().get(GraphMethod.FORWARD).inputs();
    List<String> names = inputs.stream().map(GraphInput::name).toList();
    for (String name : settings.shapes().keySet()) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "--shape names an input '" + name + "'; the model takes " + names);
      }
    }
    LoweringOptions.Builder options = LoweringOptions.builder();
    Object[] batch = calibrated.data().iterator().next();
    for (int i = 0; i < batch.length; i++) {
      try (Tensor samples = (Tensor) batch[i]) {
        InputSizes sizes = InputSizes.of(names.get(i), settings.shapes(), samples.shape());
        Tensor example = samples.narrow(0, 0, sizes.samples(EXAMPLE_SAMPLES));
        examples.add(example);
        options.input(names.get(i), example, sizes.symbols());
      }
    }
    if (settings.integerAttention()) {
      options.integerAttention();
    }
    if (settings.dynamicActivations()) {
      options.dynamicActivations();
    }
    options.metadata(
        "model", ModelSource.isFile(model) ? Path.of(model).getFileName().toString() : model);
    options.metadata("producer", "octet " + NativeLibrary.mavenVersion());
    metadata.forEach(options::metadata);
    return options.build();
  }

  /**
   * The sizes of an input.
   *
   * @param input its name
   * @param sizes for every dimension a number or the name of a size
   * @param data the sizes of a batch of the calibration data
   */
  record InputSizes(String input, List<String> sizes, long[] data) {

    static InputSizes of(String input, Map<String, String> shapes, long[] data) {
      String text = shapes.get(input);
      List<String> sizes = new ArrayList<>();
      if (text == null) {
        Arrays.stream(data).forEach(size -> sizes.add(Long.toString(size)));
        sizes.set(0, BATCH);
      } else {
        Arrays.stream(text.split(",", -1)).map(String::strip).forEach(sizes::add);
      }
      InputSizes result = new InputSizes(input, sizes, data);
      result.check();
      return result;
    }

    private void check() {
      boolean fits = sizes.size() == data.length;
      for (int i = 0; fits && i < data.length; i++) {
        long number = number(i);
        fits = number < 0 || (i == 0 ? number >= 1 && number <= data[0] : number == data[i]);
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "--shape gives input '"
                + input
                + "' the sizes "
                + sizes
                + "; a batch of the calibration data is "
                + Arrays.toString(data)
                + ": expected a number or a name for each dimension, numbers equal to those of the"
                + " data, the first one at most");
      }
    }

    /** Returns a size that is a number, or -1. */
    private long number(int dimension) {
      String size = sizes.get(dimension);
      return size.matches("[0-9]{1,18}") ? Long.parseLong(size) : -1;
    }

    /** Returns how many samples the example has. */
    long samples(long most) {
      return number(0) < 0 ? Math.min(most, data[0]) : number(0);
    }

    /** Returns the names, null where the size is a number. */
    String[] symbols() {
      String[] symbols = new String[data.length];
      for (int i = 0; i < symbols.length; i++) {
        symbols[i] = number(i) < 0 ? sizes.get(i) : null;
      }
      return symbols;
    }
  }
}
