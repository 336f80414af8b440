// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.torchscript.ImportReport;
import dev.octet.quantization.torchscript.ImportedModel;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an import found, for people and programs.
 *
 * @param file the file
 * @param inputs the names of the arguments of forward
 * @param modules the tree
 * @param types how many modules there are of each type
 * @param operators how often each operator is written
 * @param parameters the number of elements of all parameters
 * @param parameterBytes their size
 * @param notes what was recorded, rebuilt or left out
 * @param code the recorded methods by module path, if asked for
 * @param seconds how long the import took
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ImportSummary(
    String file,
    List<String> inputs,
    List<InspectReport.Row> modules,
    Map<String, Integer> types,
    Map<String, Integer> operators,
    long parameters,
    @JsonProperty("parameter_bytes") long parameterBytes,
    List<String> notes,
    Map<String, String> code,
    double seconds) {

  static ImportSummary of(Path file, ImportedModel imported, double seconds, boolean withCode) {
    ImportReport report = imported.report();
    ConversionPlan plan = ConversionPlan.of(imported.model(), QuantizationMap.builder().build());
    Map<String, String> code = new LinkedHashMap<>();
    for (ModuleNode node : ModuleTree.of(imported.model()).nodes()) {
      if (node.module() instanceof GraphModule graph && node.sameAs() == null) {
        code.put(node.path(), graph.code());
      }
    }
    return new ImportSummary(
        file.toString(),
        imported.model() instanceof GraphModule graph && !graph.methods().isEmpty()
            ? graph.inputs()
            : List.of("input"),
        InspectReport.of(plan, false).modules(),
        report.modules(),
        report.operators(),
        report.parameters(),
        report.parameterBytes(),
        report.notes(),
        withCode ? code : null,
        seconds);
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(new InspectReport(modules, Map.of(), Set.of(), false).text());
    if (code != null) {
      code.forEach(
          (path, lines) ->
              text.append(String.format("%n%n%s:%n%s", path.isEmpty() ? "(root)" : path, lines)));
    }
    text.append(String.format("%n%nmodules:    %s%n", counts(types)));
    text.append(
        String.format("operators:  %s%n", operators.isEmpty() ? "none" : counts(operators)));
    text.append(String.format("parameters: %,d (%.1f MB)%n", parameters, parameterBytes / 1e6));
    text.append(String.format("inputs:     %s%n", String.join(", ", inputs)));
    text.append(String.format("imported in %.2f s", seconds));
    for (String note : notes) {
      text.append(String.format("%n- %s", note));
    }
    return text.toString();
  }

  private static String counts(Map<String, Integer> counts) {
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }
}
