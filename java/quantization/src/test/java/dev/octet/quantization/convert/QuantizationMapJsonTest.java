// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.estimator.CrossEntropyParameters;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import dev.octet.quantization.module.QuantizedModules;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizationMapJsonTest {
  private static final QuantizationMapJson JSON = new QuantizationMapJson();

  /** A conversion of somebody else's. */
  private static final class Keep implements QuantizedModuleType {
    @Override
    public String name() {
      return "Keep";
    }

    @Override
    public Module quantize(Module original, QuantizationConfig config, String path) {
      return original;
    }
  }

  private static QuantizationMap everything(QuantizedModuleType custom) {
    QuantizationConfig mse =
        new QuantizationConfig(
            ActivationQuantConfig.builder()
                .nBits(4)
                .symmetric(false)
                .rangeEstimator(new MseParameters(RangeOptMethod.GRID, 20, 0.1))
                .build(),
            WeightQuantConfig.builder()
                .nBits(3)
                .perChannel(true)
                .rangeEstimator(new CurrentMinMaxParameters(2.5))
                .build());
    return QuantizationMap.builder()
        .defaultQConfig(QuantizationConfig.ofBits(6, 5))
        .module(LinearImpl.class, QuantizedModules.LINEAR, mse)
        .instance("a.b", QuantizedModules.BATCH_NORM2D, QuantizationConfig.ofBits(8, 0))
        .instance("a.c", custom, mse)
        .input(
            "a",
            ActivationQuantConfig.builder()
                .rangeEstimator(new RunningMinMaxParameters(0.7))
                .build())
        .input(
            "b", ActivationQuantConfig.builder().rangeEstimator(new AllMinMaxParameters()).build())
        .input(
            "c",
            ActivationQuantConfig.builder().rangeEstimator(new CrossEntropyParameters()).build())
        .exclude("x", "y.z")
        .build();
  }

  @Test
  void writesWhatItReads(@TempDir Path folder) throws IOException {
    QuantizedModuleType custom = new Keep();
    QuantizationMapJson json = new QuantizationMapJson(List.of(custom));
    QuantizationMap map = everything(custom);
    Path file = folder.resolve("map.json");
    json.write(map, file);
    assertEquals(map, json.read(file));
  }

  @Test
  void fieldsHaveTheNamesOfTheReference() throws IOException {
    JsonNode document = new JsonMapper().readTree(JSON.write(everything(QuantizedModules.LINEAR)));
    JsonNode linear = document.at("/module_qconfig_map/Linear");
    assertEquals("QuantLinear", linear.get("quantized_module").asText());
    JsonNode activation = linear.at("/qconfig/activation_quant");
    assertEquals(4, activation.get("n_bits").asInt());
    assertEquals("MSE", activation.get("range_estimator").asText());
    assertEquals("grid", activation.get("range_estimator_params").get("range_opt_method").asText());
    assertTrue(linear.at("/qconfig/weight_quant/per_channel").asBoolean());
    assertEquals("x", document.get("excluded_modules").get(0).asText());
    assertTrue(document.has("default_qconfig") && document.has("instance_qconfig_map"));
    assertTrue(document.has("input_activation_qconfig_map"));
  }

  @Test
  void defaultConversionsAreAppendedWhereThereIsNoEntry() throws QuantizationMapException {
    QuantizationMap map =
        JSON.read(
            """
            {"default_qconfig": {
               "activation_quant": {"n_bits": 7, "symmetric": true, "range_estimator": "allminmax"},
               "weight_quant": {"n_bits": 5, "symmetric": true, "range_estimator": "current_minmax",
                                "range_estimator_params": null}},
             "append_default_conversions": true,
             "module_qconfig_map": {"Linear": {"quantized_module": "QuantLinear", "qconfig": {
               "activation_quant": {"n_bits": 0, "symmetric": true, "range_estimator": "MSE"},
               "weight_quant": {"n_bits": 2, "symmetric": true, "range_estimator": "MSE"}}}}}
            """,
            "map");
    assertEquals(
        List.of("Linear", "LayerNorm", "Embedding", "Conv2d"),
        List.copyOf(map.moduleQConfigMap().keySet()));
    assertEquals(2, map.moduleQConfigMap().get("Linear").qconfig().weightQuant().nBits());
    assertEquals(5, map.moduleQConfigMap().get("Conv2d").qconfig().weightQuant().nBits());
    assertEquals(
        new MseParameters(),
        map.moduleQConfigMap().get("Linear").qconfig().weightQuant().rangeEstimatorParams());
  }
}
