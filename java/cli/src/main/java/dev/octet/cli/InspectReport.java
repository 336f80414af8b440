// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.convert.PlannedModule;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * A model's tree and what a map does with it.
 *
 * @param modules in pre-order
 * @param unknownPaths paths of the map that the model does not have, with the nearest that it has
 * @param unusedTypes types of the map of which the model has no module
 * @param withMap whether a map was given
 */
record InspectReport(
    List<Row> modules,
    @JsonProperty("unknown_paths") Map<String, List<String>> unknownPaths,
    @JsonProperty("unused_types") Set<String> unusedTypes,
    @JsonIgnore boolean withMap) {

  /**
   * One module.
   *
   * @param shapes shapes of its own parameters and buffers, by name
   * @param reason why the map does what it does
   * @param becomes type of the module that takes its place; null: it stays
   * @param weightBits bits of its weight, 0 for floats
   * @param activationBits bits of its output, 0 for floats
   * @param inputBits bits of an input quantizer in front of it; null: none
   * @param sameAs the path at which the same module was registered before
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Row(
      String path,
      String type,
      Map<String, long[]> shapes,
      String reason,
      String becomes,
      @JsonProperty("weight_bits") Integer weightBits,
      @JsonProperty("activation_bits") Integer activationBits,
      @JsonProperty("input_bits") Integer inputBits,
      @JsonProperty("same_as") String sameAs) {}

  static InspectReport of(ConversionPlan plan, boolean withMap) {
    return new InspectReport(
        plan.modules().stream().map(InspectReport::row).toList(),
        plan.unknownPaths(),
        plan.unusedTypes(),
        withMap);
  }

  private static Row row(PlannedModule planned) {
    QuantizedModuleConfig config =
        planned.decision().replaces() ? planned.config().orElseThrow() : null;
    QuantizationConfig bits = config == null ? null : config.qconfig();
    return new Row(
        planned.node().path(),
        ModuleTypes.typeName(planned.node().module()),
        shapes(planned.node().module()),
        planned.decision().words(),
        config == null ? null : config.quantizedModule().name(),
        bits == null ? null : Math.max(0, bits.weightQuant().nBits()),
        bits == null ? null : Math.max(0, bits.activationQuant().nBits()),
        planned.input().map(input -> Math.max(0, input.nBits())).orElse(null),
        planned.node().sameAs());
  }

  private static Map<String, long[]> shapes(Module module) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    try (StringTensorDict parameters = module.named_parameters(false);
        StringTensorDict buffers = module.named_buffers(false)) {
      for (StringTensorDict tensors : List.of(parameters, buffers)) {
        for (long i = 0; i < tensors.size(); i++) {
          Tensor tensor = tensors.get(i).value();
          if (tensor.defined()) {
            shapes.put(tensors.get(i).key().getString(), tensor.shape());
          }
        }
      }
    }
    return shapes;
  }

  String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        withMap
            ? List.of("module", "type", "becomes", "bits (w/a)", "input", "why", "tensors")
            : List.of("module", "type", "tensors"));
    for (Row row : modules) {
      rows.add(withMap ? mapped(row) : List.of(indented(row), row.type(), tensors(row)));
    }
    StringBuilder text = new StringBuilder(Report.table(rows));
    unknownPaths.forEach(
        (path, nearest) ->
            text.append(
                String.format(
                    "%n%nThe map names '%s', but the model has no module of that path; nearest: %s.",
                    path, String.join(", ", nearest))));
    if (!unusedTypes.isEmpty()) {
      text.append(
          String.format(
              "%n%nThe map has entries for types of which the model has no module: %s.",
              String.join(", ", unusedTypes)));
    }
    return text.toString();
  }

  private static List<String> mapped(Row row) {
    return List.of(
        indented(row),
        row.type(),
        row.becomes() == null ? "" : row.becomes(),
        row.becomes() == null ? "" : row.weightBits() + "/" + row.activationBits(),
        row.inputBits() == null ? "" : row.inputBits().toString(),
        row.reason(),
        tensors(row));
  }

  private static String indented(Row row) {
    if (row.path().isEmpty()) {
      return "(root)";
    }
    int depth = (int) row.path().chars().filter(c -> c == '.').count() + 1;
    return "  ".repeat(depth) + row.path().substring(row.path().lastIndexOf('.') + 1);
  }

  private static String tensors(Row row) {
    String shapes =
        row.shapes().entrySet().stream()
            .map(entry -> entry.getKey() + " " + Arrays.toString(entry.getValue()))
            .collect(Collectors.joining(", "));
    return row.sameAs() == null ? shapes : "same as " + row.sameAs();
  }
}
