// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** One conversion case: its entry in the index, its detail file, its tensors. */
record ConversionCase(GoldenFolder folder, JsonNode entry, JsonNode detail) {
  private static final Set<String> KINDS =
      Set.of(
          "conversion",
          "priority",
          "calibration",
          "quantization_states",
          "training",
          "torchscript_quantized");

  static List<ConversionCase> all(GoldenFolder folder) {
    List<ConversionCase> cases = new ArrayList<>();
    for (JsonNode entry : folder.json("index.json").get("cases")) {
      if (KINDS.contains(entry.get("kind").asText())) {
        cases.add(
            new ConversionCase(folder, entry, folder.json(entry.at("/params/detail").asText())));
      }
    }
    return cases;
  }

  String id() {
    return entry.get("id").asText();
  }

  String kind() {
    return entry.get("kind").asText();
  }

  boolean exact() {
    return entry.at("/params/exact").asBoolean(false);
  }

  Set<String> quirks() {
    Set<String> quirks = new LinkedHashSet<>();
    entry.path("quirks").forEach(tag -> quirks.add(tag.asText()));
    return quirks;
  }

  JsonNode map() {
    return entry.at("/params/map");
  }

  /** Returns the model before conversion, in the mode in which it was converted. */
  Module model() {
    if (entry.at("/params").has("script")) {
      Path script = folder.file(entry.at("/params/script").asText());
      return ImportedGolden.load(script);
    }
    JsonNode models = folder.json("models.json");
    String id = entry.at("/params/model").asText();
    for (JsonNode model : models.get("models")) {
      if (model.get("id").asText().equals(id)) {
        String file = models.get("file").asText();
        Module built = GoldenModels.build(model, name -> folder.tensor(file, name));
        built.train(entry.at("/params/original_training").asBoolean(true));
        return built;
      }
    }
    throw new IllegalStateException("models.json has no model '" + id + "'");
  }

  boolean has(String role) {
    return folder.hasTensor(entry.get("file").asText(), id() + "/" + role);
  }

  Tensor tensor(String role) {
    return folder.tensor(entry.get("file").asText(), id() + "/" + role);
  }

  @Override
  public String toString() {
    return id();
  }
}
