// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxResNet;
import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.tree.ModuleTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * ResNet-18 with random weights, made ready for every way to run it: a TorchScript file as it comes
 * from PyTorch, Octet's program of it, and its weights for ONNX.
 *
 * @param lowered Octet's program, of 8-bit weights with a scale for every channel and 8-bit
 *     activations
 * @param onnx its ONNX models
 * @param images that it was calibrated on, [samples, 3, size, size]
 */
record CnnModel(LoweredModel lowered, OnnxResNet onnx, float[] images) {
  private static final int SAMPLES = 4;

  /** As the activations of PyTorch's quantizers: asymmetric, by minimum and maximum. */
  private static final ActivationQuantConfig ACTIVATIONS =
      ActivationQuantConfig.builder().nBits(8).symmetric(false).build();

  private static final WeightQuantConfig WEIGHTS =
      WeightQuantConfig.builder().nBits(8).symmetric(true).perChannel(true).build();

  /**
   * Writes the TorchScript file and converts it.
   *
   * @param width channels of the first layer, 64 for ResNet-18
   * @param size height and width of the images
   * @param script where to write the file
   */
  static CnnModel of(int width, int size, Path script) throws IOException {
    ScriptResNet.write(width, script);
    GraphModule model = (GraphModule) TorchScriptImporter.load(script).model();
    try (Tensor images = torch.randn(SAMPLES, 3, size, size)) {
      model.eval();
      BatchNormFolding.fold(model);
      GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map());
      try {
        Calibration.calibrateQuantizationRanges(converted, List.of(images));
        LoweringOptions options =
            LoweringOptions.builder().input("x", images, "batch", null, null, null).build();
        return new CnnModel(
            Lowering.toProgram(converted, options),
            new OnnxResNet(parameters(model), size),
            Tensors.toFloats(images));
      } finally {
        ModuleTree.close(converted);
      }
    } finally {
      ModuleTree.close(model);
    }
  }

  /**
   * Every block and layer that takes a sum quantizes it; the convolution whose result is added in
   * the same pass leaves it in floats until then.
   */
  private static QuantizationMap map() {
    QuantizationMap.Builder map =
        QuantizationMap.builder().defaultQConfig(new QuantizationConfig(ACTIVATIONS, WEIGHTS));
    List<String> blocks = new ArrayList<>();
    for (int stage = 1; stage <= 4; stage++) {
      blocks.add("layer" + stage + ".0");
      blocks.add("layer" + stage + ".1");
    }
    QuantizationConfig weightsOnly = new QuantizationConfig(ActivationQuantConfig.none(), WEIGHTS);
    map.instance("conv1", new QuantizedModuleConfig(QuantizedModules.CONV2D, weightsOnly));
    map.instance("fc", new QuantizedModuleConfig(QuantizedModules.LINEAR, weightsOnly));
    map.input("conv1", ACTIVATIONS).input("fc", ACTIVATIONS);
    for (String block : blocks) {
      map.input(block, ACTIVATIONS);
      map.instance(
          block + ".conv2", new QuantizedModuleConfig(QuantizedModules.CONV2D, weightsOnly));
    }
    return Conversion.appendDefaultConversions(map.build());
  }

  private static Map<String, OnnxResNet.Parameter> parameters(GraphModule model) {
    Map<String, OnnxResNet.Parameter> parameters = new LinkedHashMap<>();
    try (StringTensorDict tensors = model.named_parameters(true)) {
      for (long i = 0; i < tensors.size(); i++) {
        Tensor tensor = tensors.get(i).value();
        parameters.put(
            tensors.get(i).key().getString(),
            new OnnxResNet.Parameter(Tensors.toFloats(tensor), Tensors.shape(tensor)));
      }
    }
    return parameters;
  }
}
