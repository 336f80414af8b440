// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import dev.octet.runtime.session.GraphReport;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a run gave, and how long it took.
 *
 * @param device where it ran
 * @param instructionSet the instruction set whose kernels ran; null on a CUDA device
 * @param inputs name, type and shape of every input
 * @param outputs what it gave
 * @param openMillis how long it took to open the artifact, in milliseconds
 * @param firstMillis how long the first run took, which plans memory, in milliseconds
 * @param cudaGraph the kernels and copies that further runs launch as one CUDA graph; null on the
 *     CPU, or if there was no further run
 * @param noCudaGraph why runs on a CUDA device launch no graph; null if they do
 * @param latency of the further runs; null if there were none
 * @param profile times of the operations; null if not asked for
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RunReport(
    String device,
    @JsonProperty("instruction_set") String instructionSet,
    List<String> inputs,
    List<Output> outputs,
    @JsonProperty("open_ms") double openMillis,
    @JsonProperty("first_run_ms") double firstMillis,
    @JsonProperty("cuda_graph") Long cudaGraph,
    @JsonProperty("no_cuda_graph") String noCudaGraph,
    Latency latency,
    List<RunProfile.Row> profile) {
  private static final int SHOWN = 8;

  /** Runs a session. */
  static RunReport of(
      Session session, List<HostTensor> inputs, double openMillis, int repeat, boolean profile) {
    Map<String, TensorData> data = new LinkedHashMap<>();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    inputs.forEach(input -> data.put(input.name(), input.tensorData()));
    inputs.forEach(input -> shapes.put(input.name(), input.shape()));
    List<HostTensor> outputs =
        session.plan(shapes).outputs().stream().map(HostTensor::allocate).toList();
    IoBinding binding = session.bind();
    data.forEach(binding::input);
    outputs.forEach(output -> binding.output(output.name(), output.tensorData()));
    long start = System.nanoTime();
    binding.run();
    double first = (System.nanoTime() - start) / 1e6;
    Latency latency = repeat > 1 ? Latency.measure(binding::run, repeat) : null;
    boolean cpu = session.device().isCpu();
    GraphReport graph = session.graphs().get(0);
    return new RunReport(
        session.device().toString(),
        cpu ? NativeLibrary.instructionSet().name().toLowerCase(Locale.ROOT) : null,
        inputs.stream().map(RunReport::describe).toList(),
        outputs.stream().map(Output::new).toList(),
        openMillis,
        first,
        cpu || graph.nodes() == 0 ? null : graph.nodes(),
        cpu ? null : graph.obstacle(),
        latency,
        profile ? RunProfile.of(session, data, repeat) : null);
  }

  private static String describe(HostTensor tensor) {
    return tensor.name() + ": " + tensor.type() + Arrays.toString(tensor.shape());
  }

  /** An output. */
  record Output(@JsonIgnore HostTensor tensor) {
    @JsonProperty
    String name() {
      return tensor.name();
    }

    @JsonProperty
    String type() {
      return tensor.type().toString();
    }

    @JsonProperty
    long[] shape() {
      return tensor.shape();
    }

    /** Returns the elements, row-major. */
    @JsonProperty
    double[] values() {
      double[] values = new double[tensor.count()];
      Arrays.setAll(values, tensor::get);
      return values;
    }

    private String text() {
      double[] values = values();
      StringBuilder text = new StringBuilder(describe(tensor));
      if (values.length > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                "%n  least %.6g, greatest %.6g, mean %.6g%n  ",
                Arrays.stream(values).min().orElseThrow(),
                Arrays.stream(values).max().orElseThrow(),
                Arrays.stream(values).average().orElseThrow()));
        for (int i = 0; i < Math.min(SHOWN, values.length); i++) {
          text.append(String.format(Locale.ROOT, i == 0 ? "%.6g" : " %.6g", values[i]));
        }
        text.append(values.length > SHOWN ? " ..." : "");
      }
      return text.toString();
    }
  }

  /** Writes the outputs as a safetensors file. */
  void write(Path file) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (Output output : outputs) {
      HostTensor tensor = output.tensor();
      List<Long> shape = new ArrayList<>();
      Arrays.stream(tensor.shape()).forEach(shape::add);
      writer.add(
          tensor.name(),
          tensor.type().safetensorsDtype(),
          shape,
          tensor.data().duplicate().clear());
    }
    writer.write(file);
  }

  String text(Path written) {
    StringBuilder text = new StringBuilder();
    inputs.forEach(input -> text.append(String.format("input   %s%n", input)));
    outputs.forEach(output -> text.append(String.format("output  %s%n", output.text())));
    text.append(
        String.format(
            Locale.ROOT,
            "%nopened in %.1f ms, first run %.2f ms (%s kernels)",
            openMillis,
            firstMillis,
            instructionSet == null ? device : instructionSet));
    if (cudaGraph != null) {
      text.append(String.format("%nfurther runs are a CUDA graph of %d nodes", cudaGraph));
    }
    if (noCudaGraph != null) {
      text.append(String.format("%nruns are no CUDA graph: %s", noCudaGraph));
    }
    if (latency != null) {
      text.append(String.format("%n%s", latency.text()));
    }
    if (profile != null) {
      text.append(String.format("%n%n%s", RunProfile.text(profile)));
    }
    if (written != null) {
      text.append(String.format("%n%nwritten to %s", written));
    }
    return text.toString();
  }
}
