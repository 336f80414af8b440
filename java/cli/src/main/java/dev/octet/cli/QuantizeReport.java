// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.runtime.artifact.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What became of a model that was made an artifact.
 *
 * @param output the artifact
 * @param fileBytes its size
 * @param calibrationBatches the number of batches used
 * @param inputs name, type and sizes of every input
 * @param outputs name, type and sizes of every output
 * @param fidelity how close its outputs are to the model's
 * @param lowering what runs how, and why
 */
record QuantizeReport(
    String output,
    @JsonProperty("file_bytes") long fileBytes,
    @JsonProperty("calibration_batches") int calibrationBatches,
    List<String> inputs,
    List<String> outputs,
    Fidelity fidelity,
    @JsonIgnore LoweringReport lowering) {

  /** Makes an artifact of a model. */
  static QuantizeReport quantize(
      String model,
      ConversionOptions conversion,
      LoweringSettings settings,
      Map<String, String> metadata,
      Path output)
      throws IOException {
    List<Tensor> examples = new ArrayList<>();
    try (CalibratedModel calibrated = Graphs.calibrated(model, conversion, settings)) {
      LoweredModel lowered =
          Lowering.toProgram(
              (GraphModule) calibrated.converted(),
              Graphs.options(model, calibrated, settings, metadata, examples));
      Artifact.write(lowered.program(), output);
      return new QuantizeReport(
          output.toString(),
          Files.size(output),
          calibrated.batches(),
          lowered.program().inputs().stream().map(Object::toString).toList(),
          ArtifactReport.outputs(lowered.program()),
          Fidelity.measure(calibrated, lowered.program()),
          lowered.report());
    } finally {
      Outputs.close(examples);
    }
  }

  /** Says what would run how in a model, without making an artifact. */
  static LoweringReport explain(
      String model, ConversionOptions conversion, LoweringSettings settings) throws IOException {
    List<Tensor> examples = new ArrayList<>();
    try (CalibratedModel calibrated = Graphs.calibrated(model, conversion, settings)) {
      return Lowering.explain(
          (GraphModule) calibrated.converted(),
          Graphs.options(model, calibrated, settings, Map.of(), examples));
    } finally {
      Outputs.close(examples);
    }
  }

  @JsonRawValue
  @JsonProperty("lowering")
  String loweringJson() {
    return lowering.toJson();
  }

  String text() {
    return lowering
        + String.format("%ninput   %s", String.join(String.format("%ninput   "), inputs))
        + String.format("%noutput  %s%n", String.join(String.format("%noutput  "), outputs))
        + String.format("%ncalibrated on %d batches; %s%n", calibrationBatches, fidelity.text())
        + String.format("written to %s, %s", output, ArtifactReport.size(fileBytes));
  }
}
