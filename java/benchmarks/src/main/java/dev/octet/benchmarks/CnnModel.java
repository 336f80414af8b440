// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxMobileNet;
import dev.octet.benchmarks.onnx.OnnxMobileNetV3;
import dev.octet.benchmarks.onnx.OnnxNetwork;
import dev.octet.benchmarks.onnx.OnnxResNet;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.tree.ModuleTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A network with random weights, made ready for every way to run it: a TorchScript file as it comes
 * from PyTorch, Octet's program of it, and its weights for ONNX.
 *
 * @param name of the network
 * @param lowered Octet's program, see {@link QuantizedResNet}
 * @param onnx its ONNX models
 * @param images to calibrate the ONNX models on, [samples, 3, size, size]
 */
record CnnModel(String name, LoweredModel lowered, OnnxNetwork onnx, float[] images) {
  private static final int SAMPLES = 4;

  /**
   * Writes the TorchScript file of a ResNet-18 and converts it.
   *
   * @param width channels of the first layer, 64 for ResNet-18
   * @param size height and width of the images
   * @param script where to write the file
   */
  static CnnModel resNet(int width, int size, Path script) throws IOException {
    ScriptResNet.write(width, script);
    LoweredModel lowered = QuantizedResNet.lower(script, size);
    var onnx = new OnnxResNet(parameters(script), size);
    return new CnnModel("ResNet-18", lowered, onnx, images(size));
  }

  /**
   * Writes the TorchScript file of a MobileNetV2 and converts it.
   *
   * @param width channels of the first layer, 32 for MobileNetV2
   * @param size height and width of the images
   * @param script where to write the file
   */
  static CnnModel mobileNet(int width, int size, Path script) throws IOException {
    ScriptMobileNet.write(width, script);
    LoweredModel lowered = QuantizedMobileNet.lower(script, size);
    var onnx = new OnnxMobileNet(parameters(script), MobileNetBlock.ofWidth(width), size);
    return new CnnModel("MobileNetV2", lowered, onnx, images(size));
  }

  /**
   * Writes the TorchScript file of a MobileNetV3-Large and converts it.
   *
   * @param width channels of the first layer, 16 for MobileNetV3-Large
   * @param size height and width of the images
   * @param script where to write the file
   */
  static CnnModel mobileNetV3(int width, int size, Path script) throws IOException {
    ScriptMobileNetV3.write(width, script);
    LoweredModel lowered = QuantizedMobileNetV3.lower(script, size);
    var onnx = new OnnxMobileNetV3(parameters(script), MobileNetV3Block.ofWidth(width), size);
    return new CnnModel("MobileNetV3-Large", lowered, onnx, images(size));
  }

  private static float[] images(int size) {
    try (Tensor images = torch.randn(SAMPLES, 3, size, size)) {
      return Tensors.toFloats(images);
    }
  }

  /** Returns weights and biases with batch normalizations folded in. */
  private static Map<String, OnnxNetwork.Parameter> parameters(Path script) throws IOException {
    GraphModule model = (GraphModule) TorchScriptImporter.load(script).model();
    try {
      model.eval();
      BatchNormFolding.fold(model);
      return parameters(model);
    } finally {
      ModuleTree.close(model);
    }
  }

  private static Map<String, OnnxNetwork.Parameter> parameters(GraphModule model) {
    Map<String, OnnxNetwork.Parameter> parameters = new LinkedHashMap<>();
    try (StringTensorDict tensors = model.named_parameters(true)) {
      for (long i = 0; i < tensors.size(); i++) {
        Tensor tensor = tensors.get(i).value();
        parameters.put(
            tensors.get(i).key().getString(),
            new OnnxNetwork.Parameter(Tensors.toFloats(tensor), Tensors.shape(tensor)));
      }
    }
    return parameters;
  }
}
