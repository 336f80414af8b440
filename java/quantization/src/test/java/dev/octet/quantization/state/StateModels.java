// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Tensor;

/** Small models, converted, for tests of their state. */
final class StateModels {
  private StateModels() {}

  static GraphModule network() {
    Map<String, Module> layers = new LinkedHashMap<>();
    layers.put("fc1", new LinearImpl(8, 16));
    layers.put("act", new ReLUImpl());
    layers.put("fc2", new LinearImpl(16, 4));
    return GraphModule.sequential(layers);
  }

  static QuantizationMap map(int bits, boolean symmetric, boolean perChannel) {
    QuantizationConfig config =
        new QuantizationConfig(
            ActivationQuantConfig.builder().nBits(bits).symmetric(symmetric).build(),
            WeightQuantConfig.builder()
                .nBits(bits)
                .symmetric(symmetric)
                .perChannel(perChannel)
                .build());
    return Conversion.appendDefaultConversions(
        QuantizationMap.builder().defaultQConfig(config).build());
  }

  static GraphModule converted(int bits, boolean symmetric, boolean perChannel) {
    return (GraphModule) Conversion.convertToQuantized(network(), map(bits, symmetric, perChannel));
  }

  static List<QuantizationManager> managers(Module model) {
    List<QuantizationManager> managers = new ArrayList<>();
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      module.activationQuantizer().ifPresent(managers::add);
      module.weightQuantizer().ifPresent(managers::add);
    }
    return managers;
  }

  /** Copies of the tensors of a model, which stay as they are. */
  static Map<String, Tensor> snapshot(Module model) {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    StateDict.of(model).forEach((name, tensor) -> copies.put(name, tensor.detach().clone()));
    return copies;
  }
}
