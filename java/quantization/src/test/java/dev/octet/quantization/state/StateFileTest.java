// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.quantizer.QuantizerNotInitializedException;
import dev.octet.runtime.safetensors.SafetensorsException;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateFileTest {
  @TempDir Path folder;

  @BeforeEach
  void seed() {
    torch.manual_seed(3);
  }

  private static List<RangeState> rangeStates(Module model) {
    return StateModels.managers(model).stream().map(QuantizationManager::state).toList();
  }

  private static void assertState(Map<String, Tensor> expected, Module model) {
    Map<String, Tensor> actual = StateModels.snapshot(model);
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, tensor) -> assertTrue(torch.equal(tensor, actual.get(name)), name));
  }

  private Path saved(GraphModule model) throws IOException {
    Path file = folder.resolve("state.safetensors");
    StateFile.save(model, file);
    return file;
  }

  private static GraphModule calibrated(boolean symmetric, boolean perChannel) {
    GraphModule model = StateModels.converted(8, symmetric, perChannel);
    Calibration.calibrateQuantizationRanges(model, List.of(torch.randn(16, 8)));
    return model;
  }

  @ParameterizedTest
  @CsvSource({
    "true, false, false",
    "true, true, false",
    "false, false, false",
    "false, true, true",
    "true, true, true"
  })
  void aFreshlyConvertedModelBecomesTheSavedOne(
      boolean symmetric, boolean perChannel, boolean learn) throws IOException {
    GraphModule model = calibrated(symmetric, perChannel);
    if (learn) {
      QuantizationStates.learnRanges(model);
    }
    Tensor x = torch.randn(4, 8);
    Path file = saved(model);
    GraphModule other = StateModels.converted(8, symmetric, perChannel);
    StateFile.load(other, file);
    other.eval();
    assertTrue(torch.equal(model.forward(x), other.forward(x)));
    assertEquals(rangeStates(model), rangeStates(other));
    assertEquals(
        learn ? RangeState.LEARN_RANGES : RangeState.FIX_RANGES, rangeStates(other).get(0));
    assertState(StateModels.snapshot(model), other);
    assertEquals(
        model.named_parameters().size(), other.named_parameters().size(), "trainable ranges");
  }

  @Test
  void aModelWithoutRangesIsSavedToo() throws IOException {
    GraphModule model = StateModels.converted(8, true, false);
    Path file = saved(model);
    GraphModule other = calibrated(true, false);
    StateFile.load(other, file);
    assertThrows(QuantizerNotInitializedException.class, () -> other.forward(torch.randn(2, 8)));
  }

  @Test
  void filesFromElsewhereKeepWhatQuantizersDo() throws IOException {
    GraphModule model = calibrated(true, true);
    SafetensorsWriter writer = new SafetensorsWriter();
    List<TensorBytes> contents = new ArrayList<>();
    StateDict.of(model)
        .forEach(
            (name, tensor) -> {
              TensorBytes bytes = TensorBytes.of(tensor);
              contents.add(bytes);
              writer.add(name, bytes.dtype(), bytes.shape(), bytes.data());
            });
    Path file = folder.resolve("plain.safetensors");
    writer.write(file);
    contents.forEach(TensorBytes::close);
    GraphModule other = StateModels.converted(8, true, true);
    StateFile.load(other, file);
    assertEquals(RangeState.ESTIMATE_RANGES_TRAIN, rangeStates(other).get(0));
    other.eval();
    Tensor x = torch.randn(4, 8);
    assertTrue(torch.equal(model.forward(x), other.forward(x)));
  }

  @Test
  void brokenFilesLeaveTheModelAlone() throws IOException {
    byte[] whole = Files.readAllBytes(saved(calibrated(true, false)));
    GraphModule model = calibrated(true, false);
    final Map<String, Tensor> before = StateModels.snapshot(model);
    for (int length : new int[] {0, 5, 8, 100, whole.length / 2, whole.length - 1}) {
      Path file = folder.resolve("truncated-" + length);
      Files.write(file, Arrays.copyOf(whole, length));
      SafetensorsException error =
          assertThrows(SafetensorsException.class, () -> StateFile.load(model, file));
      assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
    }
    for (byte[] altered :
        List.of(
            altered(whole, "\"F32\"", "\"F33\""),
            altered(whole, "[16,8]", "[16,9]"),
            altered(whole, "data_offsets", "data_offzets"),
            altered(whole, "fix_ranges", "mix_ranges"),
            Arrays.copyOf(whole, whole.length + 1))) {
      Path file = folder.resolve("altered");
      Files.write(file, altered);
      SafetensorsException error =
          assertThrows(SafetensorsException.class, () -> StateFile.load(model, file));
      assertTrue(error.getMessage().length() > file.toString().length(), error.getMessage());
    }
    assertState(before, model);
  }

  private static byte[] altered(byte[] whole, String from, String to) {
    String text = new String(whole, StandardCharsets.ISO_8859_1);
    assertTrue(text.contains(from), "the file has " + from);
    return text.replaceFirst(Pattern.quote(from), to).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void dictsThatDoNotFitSayWhy() {
    GraphModule model = calibrated(true, false);
    Map<String, Tensor> state = new LinkedHashMap<>(StateModels.snapshot(model));
    state.replaceAll((name, tensor) -> tensor.mul(tensor));
    state.remove("fc1.weight");
    state.remove("fc2.weight_quantizer.quantizer._delta");
    state.put("fc3.weight", torch.randn(2));
    state.put("fc1.weight_quantizer.quantizer._zero_float", torch.randn(1));
    state.put("fc2.weight", torch.randn(4, 15));
    state.put("fc2.bias", torch.ones(new long[] {4}, new TensorOptions(ScalarType.Double)));
    final Map<String, Tensor> before = StateModels.snapshot(model);
    StateDictException error =
        assertThrows(StateDictException.class, () -> StateDict.load(model, state));
    assertEquals(List.of("fc1.weight", "fc2.weight_quantizer.quantizer._delta"), error.missing());
    assertEquals(
        List.of("fc3.weight", "fc1.weight_quantizer.quantizer._zero_float"), error.unexpected());
    assertEquals(2, error.mismatched().size());
    String message = error.getMessage();
    assertTrue(message.contains("missing: fc1.weight"), message);
    assertTrue(message.contains("unexpected: fc3.weight"), message);
    assertTrue(
        message.contains("fc2.weight (Float [4, 15], the model has Float [4, 16])"), message);
    assertTrue(message.contains("fc2.bias (Double [4], the model has Float [4])"), message);
    assertState(before, model);
  }

  @Test
  void stepsThatDoNotFitTheLayerAreRefused() {
    GraphModule model = calibrated(true, false);
    Map<String, Tensor> state = StateModels.snapshot(model);
    state.put("fc1.weight_quantizer.quantizer._delta", torch.ones(7));
    final Map<String, Tensor> before = StateModels.snapshot(model);
    StateDictException error =
        assertThrows(StateDictException.class, () -> StateDict.load(model, state));
    assertTrue(
        error.getMessage().contains("fc1.weight_quantizer.quantizer._delta"), error.getMessage());
    assertState(before, model);
  }
}
