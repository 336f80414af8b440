// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

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
 * ResNet-18 with random weights, made ready for every way to run it: a TorchScript file as it comes
 * from PyTorch, Octet's program of it, and its weights for ONNX.
 *
 * @param lowered Octet's program, see {@link QuantizedResNet}
 * @param onnx its ONNX models
 * @param images to calibrate the ONNX models on, [samples, 3, size, size]
 */
record CnnModel(LoweredModel lowered, OnnxResNet onnx, float[] images) {
  private static final int SAMPLES = 4;

  /**
   * Writes the TorchScript file and converts it.
   *
   * @param width channels of the first layer, 64 for ResNet-18
   * @param size height and width of the images
   * @param script where to write the file
   */
  static CnnModel of(int width, int size, Path script) throws IOException {
    ScriptResNet.write(width, script);
    LoweredModel lowered = QuantizedResNet.lower(script, size);
    GraphModule model = (GraphModule) TorchScriptImporter.load(script).model();
    try (Tensor images = torch.randn(SAMPLES, 3, size, size)) {
      model.eval();
      BatchNormFolding.fold(model);
      OnnxResNet onnx = new OnnxResNet(parameters(model), size);
      return new CnnModel(lowered, onnx, Tensors.toFloats(images));
    } finally {
      ModuleTree.close(model);
    }
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
