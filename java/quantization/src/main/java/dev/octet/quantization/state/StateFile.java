// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.runtime.safetensors.SafetensorsException;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Saves a model's state dict as a safetensors file, and loads it again.
 *
 * <p>Beside the tensors the file says what every quantizer does with its range (its {@link
 * RangeState}), so that a calibrated model is calibrated when it is loaded. Files without that,
 * from elsewhere, load too; the quantizers' states then stay as they are.
 */
public final class StateFile {
  private static final String FORMAT = "format";
  private static final String FORMAT_NAME = "octet-state-dict";
  private static final String VERSION = "version";
  private static final String STATES = "range_states";
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, RangeState> STATE_NAMES =
      Stream.of(RangeState.values())
          .collect(Collectors.toMap(RangeState::jsonName, Function.identity()));

  private StateFile() {}

  /** Writes a model's state to a file, replacing one that is there. */
  public static void save(Module model, Path file) throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata(FORMAT, FORMAT_NAME).metadata(VERSION, "1");
    Map<String, String> states = new LinkedHashMap<>();
    StateDict.managers(model)
        .forEach((path, manager) -> states.put(path, manager.state().jsonName()));
    writer.metadata(STATES, JSON.writeValueAsString(states));
    List<TensorBytes> contents = new ArrayList<>();
    Map<String, Tensor> state = StateDict.of(model);
    try {
      for (Map.Entry<String, Tensor> entry : state.entrySet()) {
        TensorBytes bytes = TensorBytes.of(entry.getValue());
        contents.add(bytes);
        writer.add(entry.getKey(), bytes.dtype(), bytes.shape(), bytes.data());
      }
      writer.write(file);
    } finally {
      contents.forEach(TensorBytes::close);
      state.values().forEach(Tensor::close);
    }
  }

  /**
   * Loads a file into a model that was converted alike.
   *
   * @throws SafetensorsException if the file is truncated, altered, or no safetensors file; the
   *     model is unchanged then
   * @throws StateDictException if the file does not fit the model, which is unchanged then
   */
  public static void load(Module model, Path file) throws IOException {
    Map<String, Tensor> state = new LinkedHashMap<>();
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      Map<String, RangeState> states = rangeStates(tensors, file);
      for (String name : tensors.names()) {
        state.put(name, TensorBytes.read(tensors.info(name), tensors.data(name)));
      }
      StateDict.load(model, state, file.toString());
      Map<String, QuantizationManager> managers = StateDict.managers(model);
      states.forEach(
          (path, rangeState) -> {
            if (managers.containsKey(path)) {
              RangeStates.set(managers.get(path), rangeState);
            }
          });
    } finally {
      state.values().forEach(Tensor::close);
    }
  }

  private static Map<String, RangeState> rangeStates(SafetensorsFile file, Path path)
      throws SafetensorsException {
    String json = file.metadata().get(STATES);
    Map<String, RangeState> states = new LinkedHashMap<>();
    if (json == null || !FORMAT_NAME.equals(file.metadata().get(FORMAT))) {
      return states;
    }
    Map<String, String> names;
    try {
      names = JSON.readValue(json, new TypeReference<>() {});
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          path + ": metadata '" + STATES + "' is not a JSON object of strings", e);
    }
    for (Map.Entry<String, String> entry : names.entrySet()) {
      RangeState state = STATE_NAMES.get(entry.getValue());
      if (state == null) {
        throw new SafetensorsException(
            path
                + ": metadata '"
                + STATES
                + "' gives '"
                + entry.getKey()
                + "' the state '"
                + entry.getValue()
                + "', expected one of "
                + STATE_NAMES.keySet());
      }
      states.put(entry.getKey(), state);
    }
    return states;
  }
}
