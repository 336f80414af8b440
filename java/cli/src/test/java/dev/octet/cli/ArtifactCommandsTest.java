// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.benchmarks.QuantizedResNet;
import dev.octet.benchmarks.ScriptResNet;
import dev.octet.bindings.NativeLibrary;
import dev.octet.quantization.convert.QuantizationMapJson;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LinearImpl;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that make artifacts, run them and say what they hold. */
class ArtifactCommandsTest {
  private static final int SAMPLES = 40;
  private static final int WIDTH = 12;

  @TempDir Path folder;
  private Path map;
  private Path data;

  /** A model that can be lowered. */
  public static final class Mlp implements Supplier<GraphModule> {
    @Override
    public GraphModule get() {
      var b = GraphModule.builder("x");
      var h = b.relu(b.call("fc1", new LinearImpl(WIDTH, 16), b.input("x")));
      return b.output(b.call("fc2", new LinearImpl(16, 5), h)).build();
    }
  }

  @BeforeEach
  void writeFiles() throws IOException {
    map = writeMap("[]");
    ByteBuffer bytes = floats(SAMPLES * WIDTH, new Random(1));
    data = folder.resolve("data.safetensors");
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.F32, List.of((long) SAMPLES, (long) WIDTH), bytes)
        .write(data);
  }

  private Path writeMap(String excluded) throws IOException {
    return Files.writeString(
        folder.resolve("map.json"),
        """
        {
          "default_qconfig": {
            "activation_quant": {"n_bits": 8, "symmetric": true, "range_estimator": "allminmax"},
            "weight_quant": {"n_bits": 8, "symmetric": true, "range_estimator": "current_minmax",
                             "per_channel": true}
          },
          "append_default_conversions": true,
          "input_activation_qconfig_map": {
            "fc1": {"n_bits": 8, "symmetric": false, "range_estimator": "allminmax"}
          },
          "excluded_modules": %s
        }
        """
            .formatted(excluded));
  }

  private static ByteBuffer floats(int count, Random random) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      bytes.putFloat((float) random.nextGaussian());
    }
    return bytes.flip();
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  private CommandResult quantize(String... more) {
    List<String> args = new ArrayList<>(List.of("quantize", "--map", map.toString()));
    args.addAll(List.of("--calibration", data.toString()));
    args.addAll(List.of("--output", file("m.octet").toString()));
    args.addAll(List.of(more));
    args.add(Mlp.class.getName());
    return CommandResult.run(args.toArray(new String[0]));
  }

  private CommandResult runArtifact(String... more) {
    List<String> args = new ArrayList<>(List.of("run"));
    args.addAll(List.of(more));
    args.add(file("m.octet").toString());
    return CommandResult.run(args.toArray(new String[0]));
  }

  @Test
  void quantizeWritesAnArtifactAndSaysWhatRunsHow() throws IOException {
    CommandResult result = quantize("--json", "--metadata", "licence=MIT");
    assertEquals(0, result.code(), result.err());
    JsonNode report = result.json();
    assertEquals("x: f32[batch, 12]", report.get("inputs").get(0).asText());
    assertEquals("output: f32[batch, 5]", report.get("outputs").get(0).asText());
    assertEquals(2, report.get("calibration_batches").asInt());
    assertTrue(report.get("lowering").get("complete").asBoolean(), result.out());
    JsonNode fidelity = report.get("fidelity");
    assertEquals(SAMPLES, fidelity.get("samples").asInt());
    assertTrue(fidelity.get("signal_to_noise_db").asDouble() > 25, fidelity.toString());
    assertTrue(
        fidelity.get("max_error_simulated").asDouble()
            < 0.02 * fidelity.get("max_output").asDouble(),
        fidelity.toString());
    Program program = Artifact.read(file("m.octet"));
    assertEquals("MIT", program.metadata().get("licence"));
    assertEquals(Files.size(file("m.octet")), report.get("file_bytes").asLong());
    CommandResult table = quantize();
    assertEquals(0, table.code(), table.err());
    assertTrue(table.out().contains("fc1") && table.out().contains("linear"), table.out());
  }

  @Test
  void inputsOnNoGridAreRoundedByRowsIfAsked() throws IOException {
    String text = Files.readString(map);
    Files.writeString(map, text.replace("\"fc1\": {\"n_bits\": 8", "\"fc1\": {\"n_bits\": 0"));
    CommandResult floats = quantize("--json");
    assertEquals(0, floats.code(), floats.err());
    assertTrue(floats.out().contains("linear_float"), floats.out());
    CommandResult rounded = quantize("--json", "--dynamic-activations");
    assertEquals(0, rounded.code(), rounded.err());
    assertFalse(rounded.out().contains("linear_float"), rounded.out());
    assertTrue(rounded.out().contains("dynamicActivations()"), rounded.out());
  }

  @Test
  void quantizeTakesTorchScriptFiles() throws IOException {
    ScriptResNet.write(4, file("resnet.pt"));
    new QuantizationMapJson().write(QuantizedResNet.map(), file("resnet.json"));
    new SafetensorsWriter()
        .add(
            "images",
            SafetensorsDtype.F32,
            List.of(4L, 3L, 32L, 32L),
            floats(4 * 3 * 32 * 32, new Random(5)))
        .write(file("images.safetensors"));
    CommandResult result =
        CommandResult.run(
            "quantize",
            "--map",
            file("resnet.json").toString(),
            "--calibration",
            file("images.safetensors").toString(),
            "--output",
            file("m.octet").toString(),
            "--json",
            file("resnet.pt").toString());
    assertEquals(0, result.code(), result.err());
    int integer = 0;
    for (JsonNode row : result.json().get("lowering").get("operations")) {
      integer += row.get("arithmetic").asText().equals("integer") ? 1 : 0;
    }
    assertEquals(21, integer, result.out());
    assertTrue(result.json().get("fidelity").get("signal_to_noise_db").asDouble() > 20);
    assertEquals("resnet.pt", Artifact.read(file("m.octet")).metadata().get("model"));
    CommandResult run = runArtifact("--random", "--size", "batch=2");
    assertTrue(run.out().contains("f32[2, 1000]"), run.out() + run.err());
  }

  @Test
  void shapesAreChosen() {
    assertEquals(0, quantize("--shape", "x=n,12").code());
    assertTrue(runArtifact("--random", "--size", "n=3").out().contains("f32[3, 5]"));
    CommandResult fixed = quantize("--shape", "x=4,12", "--json");
    assertEquals(0, fixed.code(), fixed.err());
    CommandResult four = runArtifact("--random");
    assertTrue(four.out().contains("f32[4, 5]"), four.out() + four.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "x=batch | [batch]",
        "x=batch,13 | 13",
        "x=99,12 | 99",
        "x=batch,1x | '1x'",
        "y=batch,12 | 'y'"
      })
  void shapesThatDoNotFitAreNamed(String shape, String named) {
    CommandResult result = quantize("--shape", shape);
    assertEquals(1, result.code(), result.out());
    assertTrue(result.err().contains(named), result.err());
    assertFalse(Files.exists(file("m.octet")));
  }

  @Test
  void modelsWithAForwardInJavaAreRefusedInWords() {
    CommandResult result =
        CommandResult.run(
            "quantize",
            "--map",
            map.toString(),
            "--calibration",
            data.toString(),
            "--output",
            file("m.octet").toString(),
            CommandLineTest.Tiny.class.getName());
    assertEquals(1, result.code());
    assertTrue(
        result.err().contains("Tiny") && result.err().contains("octet convert"), result.err());
  }

  @NeedsCuda
  @Test
  void runOnACudaDeviceGivesWhatTheCpuGives() throws IOException {
    quantize();
    String[] inputs = {"--input", data.toString(), "--repeat", "3", "--json"};
    CommandResult cpu = runArtifact(inputs);
    CommandResult cuda =
        runArtifact(
            Stream.of(inputs, new String[] {"--device", "cuda:0"})
                .flatMap(Arrays::stream)
                .toArray(String[]::new));
    assertEquals(0, cuda.code(), cuda.err());
    assertEquals(cpu.json().get("outputs"), cuda.json().get("outputs"));
    assertEquals("cpu", cpu.json().get("device").asText());
    assertEquals("cuda:0", cuda.json().get("device").asText());
    assertTrue(cuda.json().get("cuda_graph").asLong() > 0, cuda.out());
    assertFalse(cuda.json().has("no_cuda_graph"), cuda.out());
    CommandResult text = runArtifact("--input", data.toString(), "--device", "cuda");
    assertTrue(text.out().contains("(cuda:0 kernels)"), text.out());
  }

  @Test
  void runSaysWhichDevicesThereAre() {
    quantize();
    CommandResult far = runArtifact("--input", data.toString(), "--device", "cuda:99");
    assertEquals(1, far.code());
    assertTrue(far.err().contains("cuda:99"), far.err());
    String reason = NativeLibrary.whyNoCuda();
    assertTrue(far.err().contains(reason.isEmpty() ? "expected cuda:0" : reason), far.err());
    CommandResult wrong = runArtifact("--input", data.toString(), "--device", "gpu");
    assertEquals(2, wrong.code());
    assertTrue(wrong.err().contains("--device") && wrong.err().contains("cuda:N"), wrong.err());
  }

  @Test
  void runGivesWhatASessionGives() throws IOException {
    quantize();
    CommandResult result =
        runArtifact(
            "--input", data.toString(), "--output", file("y.safetensors").toString(), "--json");
    assertEquals(0, result.code(), result.err());
    float[] expected;
    try (SafetensorsFile inputs = SafetensorsFile.open(data);
        Session session = Session.open(file("m.octet"))) {
      expected =
          session
              .run(Map.of("x", TensorData.of(inputs.data("x"), SAMPLES, WIDTH)))
              .get("output")
              .floats();
    }
    float[] written = new float[expected.length];
    try (SafetensorsFile outputs = SafetensorsFile.open(file("y.safetensors"))) {
      assertEquals(List.of((long) SAMPLES, 5L), outputs.info("output").shape());
      outputs.data("output").asFloatBuffer().get(written);
    }
    assertArrayEquals(expected, written);
    JsonNode values = result.json().get("outputs").get(0).get("values");
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], values.get(i).floatValue());
    }
  }

  @Test
  void sameInputsFromAnyKindOfFile() throws IOException {
    quantize();
    ByteBuffer x = floats(2 * WIDTH, new Random(3));
    Files.write(file("x.raw"), x.array());
    new SafetensorsWriter()
        .add("a", SafetensorsDtype.F32, List.of(2L, (long) WIDTH), x)
        .write(file("x.safetensors"));
    float[][] rows = new float[2][WIDTH];
    for (float[] row : rows) {
      for (int i = 0; i < WIDTH; i++) {
        row[i] = x.getFloat();
      }
    }
    String array = Arrays.deepToString(rows);
    Files.writeString(file("array.json"), array);
    Files.writeString(file("object.json"), "{\"x\": " + array + "}");
    String expected = values("x=" + file("x.raw"));
    for (String other :
        List.of(
            "x=" + file("x.safetensors"),
            file("x.safetensors").toString(),
            file("array.json").toString(),
            file("object.json").toString(),
            "x=" + file("object.json"))) {
      assertEquals(expected, values(other), other);
    }
  }

  private String values(String input) throws IOException {
    CommandResult result = runArtifact("--input", input, "--json");
    assertEquals(0, result.code(), result.err());
    return result.json().get("outputs").toString();
  }

  @Test
  void runMeasures() throws IOException {
    quantize();
    CommandResult result =
        runArtifact(
            "--random",
            "--size",
            "batch=8",
            "--threads",
            "1",
            "--repeat",
            "20",
            "--profile",
            "--json");
    assertEquals(0, result.code(), result.err());
    JsonNode latency = result.json().get("latency");
    assertEquals(20, latency.get("runs").asInt());
    assertTrue(latency.get("min_ms").asDouble() <= latency.get("p50_ms").asDouble());
    assertTrue(latency.get("p50_ms").asDouble() <= latency.get("max_ms").asDouble());
    JsonNode profile = result.json().get("profile");
    assertEquals(Artifact.read(file("m.octet")).operations().size(), profile.size());
    double sum = 0;
    for (JsonNode row : profile) {
      sum += row.get("share").asDouble();
    }
    assertEquals(1, sum, 1e-6);
    CommandResult text = runArtifact("--random", "--size", "batch=8", "--repeat", "2", "--profile");
    assertTrue(text.out().contains("p99") && text.out().contains("GB/s"), text.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 1 | input x: f32[batch, 12] is missing",
        "--random | 2 | --size batch=N",
        "--random --size tokens=1 | 2 | 'tokens'",
        "--random --size batch=-1 | 2 | -1",
        "--input y=FOLDER/x.raw | 1 | 'y'",
        "--input FOLDER/x.raw | 1 | --input NAME=",
        "--input x=FOLDER/x.raw | 1 | 10 bytes",
        "--input x=FOLDER/ragged.json | 1 | an array of 2",
        "--input x=FOLDER/words.json | 1 | \"one\"",
        "--input x=FOLDER/broken.json | 1 | broken.json:1:",
        "--input x=FOLDER/narrow.json | 1 | [1, 2]",
        "--input FOLDER/ids.safetensors | 1 | I64",
        "--input FOLDER/two.safetensors | 1 | 'a'",
        "--input x=FOLDER/missing.json | 1 | missing.json: there is no such file"
      })
  void badInputsAreNamed(String options, int code, String named) throws IOException {
    quantize();
    Files.write(file("x.raw"), new byte[10]);
    Files.writeString(file("ragged.json"), "[[1, 2], [3]]");
    Files.writeString(file("words.json"), "[[\"one\"]]");
    Files.writeString(file("broken.json"), "[[1, 2");
    Files.writeString(file("narrow.json"), "[[1, 2]]");
    ByteBuffer eight = ByteBuffer.allocate(8);
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.I64, List.of(1L), eight)
        .write(file("ids.safetensors"));
    new SafetensorsWriter()
        .add("a", SafetensorsDtype.I64, List.of(1L), eight)
        .add("b", SafetensorsDtype.I64, List.of(1L), eight)
        .write(file("two.safetensors"));
    CommandResult result =
        runArtifact(
            options.isEmpty()
                ? new String[0]
                : options.replace("FOLDER", folder.toString()).split(" "));
    assertEquals(code, result.code(), result.err());
    assertTrue(result.err().contains(named), result.err());
  }

  /** Writes a program of an embedding's kind of inputs: whole numbers and truth values. */
  private void writeIntegers() throws IOException {
    ProgramBuilder b = Program.builder();
    var ids = b.input("ids", ElementType.I64, Shape.of("n"));
    var mask = b.input("mask", ElementType.BOOL, Shape.of("n"));
    var numbers = b.operation("cast").input("x", ids).as("numbers", ElementType.F32, null);
    var flags = b.operation("cast").input("x", mask).as("flags", ElementType.F32, null);
    var sum =
        b.operation("binary")
            .set("function", "add")
            .input("a", numbers)
            .input("b", flags)
            .as("sum");
    Artifact.write(b.output(sum).build(), file("m.octet"));
  }

  @Test
  void wholeNumbersAndTruthValues() throws IOException {
    writeIntegers();
    Files.writeString(file("in.json"), "{\"ids\": [3, -4], \"mask\": [true, 0]}");
    CommandResult result = runArtifact("--input", file("in.json").toString(), "--json");
    assertEquals(0, result.code(), result.err());
    assertEquals("[4.0,-4.0]", result.json().get("outputs").get(0).get("values").toString());
    Files.writeString(file("in.json"), "{\"ids\": [3.5, 1], \"mask\": [true, false]}");
    CommandResult half = runArtifact("--input", file("in.json").toString());
    assertTrue(half.err().contains("3.5") && half.err().contains("i64"), half.err());
    Files.writeString(file("in.json"), "{\"ids\": [3, 1], \"mask\": [true, 2]}");
    CommandResult two = runArtifact("--input", file("in.json").toString());
    assertTrue(two.err().contains("'mask'") && two.err().contains("2"), two.err());
    CommandResult random =
        runArtifact("--random", "--size", "n=50", "--range", "ids=7:7", "--json");
    for (JsonNode value : random.json().get("outputs").get(0).get("values")) {
      assertTrue(value.asDouble() == 7 || value.asDouble() == 8, value.toString());
    }
    CommandResult range = runArtifact("--random", "--size", "n=5", "--range", "ids=9:7");
    assertTrue(range.err().contains("9:7"), range.err());
  }

  @Test
  void reportSaysWhatAnArtifactHolds() throws IOException {
    quantize("--metadata", "licence=MIT");
    CommandResult result =
        CommandResult.run("report", "--size", "batch=8", "--json", file("m.octet").toString());
    assertEquals(0, result.code(), result.err());
    JsonNode report = result.json();
    assertEquals("MIT", report.get("metadata").get("licence").asText());
    assertFalse(report.get("metadata").has("lowering_report"));
    assertTrue(report.get("lowering").get("operations").size() >= 2, result.out());
    assertEquals("output: f32[8, 5]", report.get("plan").get("outputs").get(0).asText());
    assertTrue(report.get("plan").get("sum_bytes").asLong() > 0);
    assertTrue(report.get("packed_bytes").asLong() >= WIDTH * 16);
    assertFalse(report.has("program"));
    CommandResult text = CommandResult.run("report", "--program", file("m.octet").toString());
    assertTrue(text.out().contains("input   x: f32[batch, 12]"), text.out());
    assertTrue(text.out().contains("--size NAME=N"), text.out());
    assertTrue(text.out().contains("weights="), text.out());
  }

  @Test
  void reportTakesProgramsThatWereNotLowered() throws IOException {
    writeIntegers();
    CommandResult result = CommandResult.run("report", file("m.octet").toString());
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().contains("binary"), result.out());
  }

  @Test
  void reportSaysWhyALayerIsNotInIntegers() throws IOException {
    map = writeMap("[\"fc2\"]");
    List<String> args = List.of("--map", map.toString(), "--calibration", data.toString());
    List<String> line = new ArrayList<>(List.of("report"));
    line.addAll(args);
    line.add(Mlp.class.getName());
    CommandResult text = CommandResult.run(line.toArray(new String[0]));
    assertTrue(text.out().contains("fc2") && text.out().contains("->"), text.out() + text.err());
    line.add("--json");
    CommandResult json = CommandResult.run(line.toArray(new String[0]));
    JsonNode operations = json.json().get("operations");
    JsonNode last = null;
    for (JsonNode operation : operations) {
      last = operation.get("path").asText().equals("fc2") ? operation : last;
    }
    assertTrue(last != null && !last.get("reasons").isEmpty(), json.out());
    assertEquals(json.json().get("complete").asBoolean() ? 0 : 1, json.code());
  }

  @Test
  void alteredArtifactsAreErrorsInWords() throws IOException {
    quantize();
    byte[] bytes = Files.readAllBytes(file("m.octet"));
    bytes[bytes.length - 3] ^= 1;
    Files.write(file("m.octet"), bytes);
    for (String command : List.of("run", "report")) {
      CommandResult result = CommandResult.run(command, file("m.octet").toString());
      assertEquals(1, result.code());
      assertTrue(result.err().contains("m.octet"), result.err());
    }
  }

  @Test
  void runAndReportNeedNoPyTorch() throws Exception {
    quantize();
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("pytorch") && !entry.contains("openblas"))
            .collect(Collectors.joining(File.pathSeparator));
    for (List<String> command :
        List.of(
            List.of("run", "--random", "--size", "batch=2", file("m.octet").toString()),
            List.of("report", file("m.octet").toString()),
            List.of("--help"))) {
      List<String> line = new ArrayList<>();
      line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      line.addAll(List.of("-verbose:class", "-cp", classPath, Main.class.getName()));
      line.addAll(command);
      Path printed = file("printed.txt");
      Process child =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(printed.toFile())
              .start();
      assertTrue(child.waitFor(2, TimeUnit.MINUTES), "the command did not end");
      String text = Files.readString(printed, StandardCharsets.UTF_8);
      assertEquals(0, child.exitValue(), text.substring(Math.max(0, text.length() - 2000)));
      assertTrue(text.contains("dev.octet.cli.RunCommand"), "no class was printed");
      assertFalse(text.contains("org.bytedeco.pytorch"), "a class of PyTorch was loaded");
    }
  }
}
