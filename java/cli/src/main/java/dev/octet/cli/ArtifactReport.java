// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.octet.bindings.NativeLibrary;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.program.Constant;
import dev.octet.runtime.program.Operation;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.PlanReport;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an artifact holds, and what it takes to run it here.
 *
 * @param file its path
 * @param fileBytes its size
 * @param formatVersion of the file's format
 * @param metadata its texts, without the lowering report
 * @param inputs name, type and sizes of every input
 * @param outputs name, type and sizes of every output
 * @param constants how many there are
 * @param constantBytes their bytes in the file
 * @param packedBytes the bytes of native memory that a session takes for them
 * @param instructionSet the instruction set whose kernels run here
 * @param operations in the order in which they run
 * @param plan the memory of a run; null if sizes are open
 * @param program the program in lines, if asked for
 * @param lowering what runs how, and why; null if the artifact was not made by lowering
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ArtifactReport(
    String file,
    @JsonProperty("file_bytes") long fileBytes,
    @JsonProperty("format_version") int formatVersion,
    Map<String, String> metadata,
    List<String> inputs,
    List<String> outputs,
    int constants,
    @JsonProperty("constant_bytes") long constantBytes,
    @JsonProperty("packed_bytes") long packedBytes,
    @JsonProperty("instruction_set") String instructionSet,
    List<Row> operations,
    Plan plan,
    String program,
    @JsonIgnore LoweringReport lowering) {

  /**
   * One operation.
   *
   * @param name that of what it makes
   * @param kernel the kind of operation
   * @param inputs what it takes by role
   * @param output what it makes
   * @param attributes its settings
   */
  record Row(
      String name,
      String kernel,
      Map<String, String> inputs,
      String output,
      Map<String, Object> attributes) {

    static Row of(Operation operation) {
      return new Row(
          operation.name(),
          operation.kind().name(),
          operation.inputs(),
          operation.outputs().values().iterator().next().toString(),
          operation.attributes().asMap());
    }
  }

  /**
   * The memory of one run at a time.
   *
   * @param inputs with numbers for their sizes
   * @param outputs likewise
   * @param arenaBytes for all values between them, as it is planned
   * @param sumBytes what they would take without sharing memory
   */
  record Plan(
      List<String> inputs,
      List<String> outputs,
      @JsonProperty("arena_bytes") long arenaBytes,
      @JsonProperty("sum_bytes") long sumBytes) {

    static Plan of(PlanReport plan) {
      return new Plan(
          plan.inputs().stream().map(Object::toString).toList(),
          plan.outputs().stream().map(Object::toString).toList(),
          plan.arenaBytes(),
          plan.sumBytes());
    }
  }

  static ArtifactReport of(Path file, SizeOptions sizes, boolean withProgram) throws IOException {
    Program program = Artifact.read(file);
    sizes.check(program.inputs());
    Map<String, String> metadata = new LinkedHashMap<>(program.metadata());
    String lowering = metadata.remove(LoweringReport.METADATA_KEY);
    try (Session session = Session.open(program)) {
      return new ArtifactReport(
          file.toString(),
          Files.size(file),
          Artifact.FORMAT_VERSION,
          metadata,
          program.inputs().stream().map(Object::toString).toList(),
          outputs(program),
          program.constants().size(),
          program.constants().values().stream()
              .map(Constant::data)
              .mapToLong(d -> d.remaining())
              .sum(),
          session.constantBytes(),
          NativeLibrary.instructionSet().name().toLowerCase(Locale.ROOT),
          program.operations().stream().map(Row::of).toList(),
          plan(session, sizes),
          withProgram ? program.toString() : null,
          lowering == null ? null : LoweringReport.fromJson(lowering));
    }
  }

  private static Plan plan(Session session, SizeOptions sizes) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    for (Value input : session.inputs()) {
      if (!sizes.knows(input)) {
        return null;
      }
      shapes.put(input.name(), sizes.of(input));
    }
    return Plan.of(session.plan(shapes));
  }

  /** Returns name, type and sizes of the outputs of a program. */
  static List<String> outputs(Program program) {
    List<String> outputs = new ArrayList<>();
    program
        .outputs()
        .forEach(
            (name, of) -> {
              Value value = program.values().get(of);
              outputs.add(new Value(name, value.type(), value.shape(), value.grid()).toString());
            });
    return outputs;
  }

  @JsonRawValue
  @JsonProperty("lowering")
  String loweringJson() {
    return lowering == null ? null : lowering.toJson();
  }

  String text() {
    StringBuilder text = new StringBuilder();
    text.append(String.format("%s: %s, format %d%n", file, size(fileBytes), formatVersion));
    metadata.forEach((key, value) -> text.append(String.format("  %s: %s%n", key, value)));
    text.append(String.format("%n"));
    inputs.forEach(input -> text.append(String.format("input   %s%n", input)));
    outputs.forEach(output -> text.append(String.format("output  %s%n", output)));
    text.append(String.format("%n"));
    text.append(lowering == null ? operationTable() : lowering.toString().stripTrailing());
    text.append(
        String.format(
            "%n%n%d operations, %s kernels; %d constants: %s in the file, %s packed",
            operations.size(), instructionSet, constants, size(constantBytes), size(packedBytes)));
    text.append(
        plan == null
            ? String.format("%nmemory of a run: depends on sizes; give them: --size NAME=N")
            : String.format(
                "%nmemory of a run: %s (%s without sharing), for %s -> %s",
                size(plan.arenaBytes()),
                size(plan.sumBytes()),
                String.join(", ", plan.inputs()),
                String.join(", ", plan.outputs())));
    if (program != null) {
      text.append(String.format("%n%n%s", program.stripTrailing()));
    }
    return text.toString();
  }

  private String operationTable() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("kernel", "output", "inputs"));
    operations.forEach(
        row -> rows.add(List.of(row.kernel(), row.output(), row.inputs().toString())));
    return Report.table(rows);
  }

  /** Returns a number of bytes in words. */
  static String size(long bytes) {
    if (bytes < 10_000) {
      return bytes + " bytes";
    }
    return bytes < 10_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
