// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.quantizer.QuantizerNotInitializedException;
import dev.octet.quantization.tree.ModuleReplaceException;
import dev.octet.quantization.tree.ModuleTree;
import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BadInputTest {
  private static final QuantizationConfig EIGHT = QuantizationConfig.ofBits(8, 8);

  private static <E extends Throwable> E refused(
      Class<E> type, Executable action, String... words) {
    E error = assertThrows(type, action);
    String message = error.getMessage();
    for (String part : words) {
      assertTrue(message.contains(part), "expected '" + part + "' in: " + message);
    }
    return error;
  }

  private static UserModels.Mnist converted() {
    return Conversion.convertToQuantized(
        new UserModels.Mnist(),
        Conversion.appendDefaultConversions(QuantizationMap.builder().build()),
        UserModels.Mnist::new);
  }

  @Test
  void unknownPathsListTheNearest() {
    UserModels.Vision model = new UserModels.Vision();
    QuantizationMap map =
        QuantizationMap.builder()
            .instance("stage1.first.cov", QuantizedModules.CONV2D, EIGHT)
            .input("steem", ActivationQuantConfig.ofBits(8))
            .exclude("head.7")
            .build();
    UnknownModuleException error =
        refused(
            UnknownModuleException.class,
            () -> Conversion.convertToQuantized(model, map, UserModels.Vision::new),
            "'stage1.first.cov'",
            "stage1.first.conv",
            "'steem'",
            "'head.7'",
            "nearest");
    assertEquals("stage1.first.conv", error.nearest().get("stage1.first.cov").get(0));
    assertEquals("stem", error.nearest().get("steem").get(0));
    assertEquals(3, error.nearest().size());
    assertThrows(UnknownModuleException.class, () -> Conversion.quantizeModel(model, map));
    assertSame(LinearImpl.class, ModuleTree.of(model).get("head.1").getClass());
  }

  @Test
  void quantizedTypesMustFitTheirModules() {
    UserModels.Mnist model = new UserModels.Mnist();
    QuantizationMap byInstance =
        QuantizationMap.builder().instance("fc1", QuantizedModules.CONV2D, EIGHT).build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.convertToQuantized(model, byInstance, UserModels.Mnist::new),
        "quantized_module of 'fc1' is QuantConv2d",
        "does not fit a Linear",
        "it replaces exactly Conv2d");
    QuantizationMap wrapper =
        QuantizationMap.builder()
            .module(LinearImpl.class, QuantizedModules.BATCH_NORM2D, EIGHT)
            .build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.convertToQuantized(model, wrapper, UserModels.Mnist::new),
        "QuantBatchNorm2d",
        "Linear is converted by QuantLinear");
  }

  /** An in-place conversion that fails half-way would leave a model that is neither. */
  @Test
  void aMisfitLeavesTheModelAsItWas() {
    UserModels.Mnist model = new UserModels.Mnist();
    QuantizationMap map =
        QuantizationMap.builder()
            .module(LinearImpl.class, QuantizedModules.LINEAR, EIGHT)
            .instance("fc3", QuantizedModules.EMBEDDING, EIGHT)
            .build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.quantizeModel(model, map),
        "quantized_module of 'fc3' is QuantEmbedding");
    assertSame(LinearImpl.class, model.fc1.getClass());
    assertSame(LinearImpl.class, ModuleTree.of(model).get("fc2").getClass());
  }

  @Test
  void inputQuantizersStandBeforeNumbersOnly() {
    QuantizationMap map =
        QuantizationMap.builder().input("tokens", ActivationQuantConfig.ofBits(8)).build();
    refused(
        IllegalArgumentException.class,
        () ->
            Conversion.convertToQuantized(
                new UserModels.Transformer(), map, UserModels.Transformer::new),
        "'tokens'",
        "Embedding",
        "indices");
  }

  /** A place that can be set, and two in a record, in which nothing can be exchanged. */
  static class Recorded extends Module {
    record Pair(LinearImpl left, LinearImpl right) {}

    final LinearImpl first = register_module("first", new LinearImpl(4, 4));
    final Pair pair =
        new Pair(
            register_module("left", new LinearImpl(4, 4)),
            register_module("right", new LinearImpl(4, 4)));

    public Tensor forward(Tensor x) {
      return pair.right().forward(pair.left().forward(first.forward(x)));
    }
  }

  @Test
  void modulesThatCannotBeSwappedAreNotSkipped() {
    QuantizationMap map =
        QuantizationMap.builder().module(LinearImpl.class, QuantizedModules.LINEAR, EIGHT).build();
    Recorded model = new Recorded();
    refused(
        ModuleReplaceException.class,
        () -> Conversion.quantizeModel(model, map),
        "cannot replace 'left'",
        "Recorded",
        "Pair",
        "exclude");
    assertSame(LinearImpl.class, ModuleTree.of(model).get("left").getClass());
    assertSame(LinearImpl.class, model.first.getClass());
  }

  @Test
  void modulesThatCannotBeCopiedSayHowTheyCan() {
    QuantizationMap map = QuantizationMap.builder().build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.convertToQuantized(new UserModels.Mnist(), map),
        "cannot copy a module of class " + UserModels.Mnist.class.getName(),
        "Copyable",
        "Supplier",
        "quantizeModel");
    UserModels.Mnist same = new UserModels.Mnist();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.convertToQuantized(same, map, () -> same),
        "factory returned the model itself");
    refused(
        IllegalArgumentException.class,
        () -> Conversion.<Module>convertToQuantized(same, map, UserModels.Shared::new),
        "factory returned a",
        "expected a " + UserModels.Mnist.class.getName());
    refused(
        NullPointerException.class,
        () -> Conversion.convertToQuantized(same, map, () -> null),
        "factory returned null");
  }

  @Test
  void aReplacedRootNeedsTheOtherMethod() {
    QuantizationMap map =
        QuantizationMap.builder().instance("", QuantizedModules.BATCH_NORM2D, EIGHT).build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.convertToQuantized(new UserModels.Mnist(), map, UserModels.Mnist::new),
        "the map replaces the root",
        "convertToQuantized(model, map)");
  }

  @Test
  void typesOfUsersMustMakeModules() {
    QuantizedModuleType nothing =
        new QuantizedModuleType() {
          @Override
          public String name() {
            return "Nothing";
          }

          @Override
          public Module quantize(Module original, QuantizationConfig config, String path) {
            return null;
          }
        };
    QuantizationMap map = QuantizationMap.builder().instance("fc1", nothing, EIGHT).build();
    refused(
        IllegalArgumentException.class,
        () -> Conversion.quantizeModel(new UserModels.Mnist(), map),
        "Nothing",
        "'fc1'",
        "null");
  }

  @Test
  void rangesAreNeededInEvalMode() {
    UserModels.Mnist model = converted();
    model.eval();
    refused(
        QuantizerNotInitializedException.class,
        () -> model.forward(torch.randn(2, 64)),
        "no range");
    QuantLinear layer = (QuantLinear) model.fc1;
    refused(
        QuantizerNotInitializedException.class,
        () -> layer.weightQuantizer().orElseThrow().fixRanges(),
        "before a range was estimated",
        "train mode");
  }

  @Test
  void inputsOfAnotherKindAreRefused() {
    QuantLinear layer = (QuantLinear) converted().fc1;
    layer.train(true);
    refused(RuntimeException.class, () -> layer.forward(torch.randn(2, 63)), "63");
    refused(
        RuntimeException.class,
        () -> layer.forward(torch.ones(new long[] {2, 64}, new TensorOptions(ScalarType.Double))),
        "ouble");
    refused(
        RuntimeException.class,
        () -> layer.forward(torch.ones(new long[] {2, 64}, new TensorOptions(ScalarType.Long))),
        "ong");
    refused(
        RuntimeException.class,
        () ->
            layer
                .activationQuantizer()
                .orElseThrow()
                .forward(torch.ones(new long[] {2}, new TensorOptions(ScalarType.Double))),
        "f64");
    Tensor meta = torch.randn(2, 64).to(new Device("meta"), ScalarType.Float);
    refused(
        RuntimeException.class,
        () -> layer.activationQuantizer().orElseThrow().forward(meta),
        "neither a CPU nor CUDA");
    refused(
        RuntimeException.class,
        () -> layer.activationQuantizer().orElseThrow().forward(torch.randn(0, 4)),
        "no elements");
  }

  @Test
  void argumentsThatAreMissingAreNamed() {
    UserModels.Mnist model = new UserModels.Mnist();
    QuantizationMap map = QuantizationMap.builder().build();
    refused(NullPointerException.class, () -> Conversion.convertToQuantized(null, map), "model");
    refused(NullPointerException.class, () -> Conversion.quantizeModel(model, null), "map");
    for (Executable action :
        Arrays.<Executable>asList(
            () -> QuantizationMap.builder().exclude((String) null),
            () -> QuantizationMap.builder().instance(null, QuantizedModules.LINEAR, EIGHT),
            () -> QuantizationMap.builder().input("a", null),
            () -> QuantizationMap.builder().defaultQConfig(null))) {
      assertThrows(NullPointerException.class, action);
    }
  }
}
