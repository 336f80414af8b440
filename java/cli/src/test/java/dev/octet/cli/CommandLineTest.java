// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.benchmarks.ScriptResNet;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String MAP =
      """
      {
        "default_qconfig": {
          "activation_quant": {"n_bits": 8, "symmetric": true, "range_estimator": "running_minmax"},
          "weight_quant": {"n_bits": 4, "symmetric": true, "range_estimator": "current_minmax",
                           "per_channel": true}
        },
        "append_default_conversions": true,
        "input_activation_qconfig_map": {
          "conv1": {"n_bits": 6, "symmetric": false, "range_estimator": "allminmax"}
        },
        "excluded_modules": ["%s"]
      }
      """;

  @TempDir Path folder;

  /** A model of somebody else's. */
  public static final class Tiny extends Module {
    private final LinearImpl fc = register_module("fc", new LinearImpl(2, 3));

    public Tensor forward(Tensor x) {
      return fc.forward(x);
    }
  }

  private Path map(String excluded) throws IOException {
    return Files.writeString(folder.resolve("map.json"), String.format(MAP, excluded));
  }

  @Test
  void versionSaysWhatRuns() throws IOException {
    assertEquals(
        "octet " + NativeLibrary.mavenVersion(), CommandResult.run("version").out().strip());
    CommandResult verbose = CommandResult.run("version", "--verbose", "--json");
    assertEquals(0, verbose.code());
    assertEquals(
        NativeLibrary.instructionSet().name().toLowerCase(Locale.ROOT),
        verbose.json().get("instruction_set").asText());
    // A list of devices, or what is missing.
    JsonNode cuda = verbose.json().get("cuda");
    assertTrue(cuda.isArray() || cuda.asText().startsWith("not available: "), verbose.out());
    assertTrue(Files.isRegularFile(Path.of(verbose.json().get("native_library").asText())));
  }

  @Test
  void inspectSaysWhatAMapDoes() throws IOException {
    CommandResult result =
        CommandResult.run("inspect", "--map", map("head").toString(), "--json", "digits");
    assertEquals(0, result.code(), result.err());
    JsonNode conv1 = row(result.json(), "conv1");
    assertEquals("QuantConv2d", conv1.get("becomes").asText());
    assertEquals("type", conv1.get("reason").asText());
    assertEquals(4, conv1.get("weight_bits").asInt());
    assertEquals(6, conv1.get("input_bits").asInt());
    assertEquals("[16,1,3,3]", conv1.get("shapes").get("weight").toString());
    assertEquals("excluded", row(result.json(), "head").get("reason").asText());
    assertFalse(row(result.json(), "head").has("becomes"));
    CommandResult table = CommandResult.run("inspect", "--map", map("head").toString(), "digits");
    assertTrue(table.out().contains("QuantConv2d"), table.out());
  }

  @Test
  void inspectFailsForNamesThatMatchNothing() throws IOException {
    CommandResult result = CommandResult.run("inspect", "--map", map("haed").toString(), "digits");
    assertEquals(1, result.code());
    assertTrue(result.out().contains("'haed'") && result.out().contains("head"), result.out());
  }

  @Test
  void inspectTakesAClass() {
    CommandResult result = CommandResult.run("inspect", Tiny.class.getName());
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().contains("weight [3, 2]"), result.out());
  }

  @Test
  void inspectNamesLineAndFieldOfABadMap() throws IOException {
    Path map = Files.writeString(folder.resolve("bad.json"), "{\n  \"excluded_module\": []\n}\n");
    CommandResult result = CommandResult.run("inspect", "--map", map.toString(), "digits");
    assertEquals(1, result.code());
    assertTrue(result.err().contains("bad.json:2:"), result.err());
    assertTrue(result.err().contains("excluded_module"), result.err());
  }

  private static JsonNode row(JsonNode report, String path) {
    for (JsonNode row : report.get("modules")) {
      if (row.get("path").asText().equals(path)) {
        return row;
      }
    }
    throw new AssertionError("no module " + path);
  }

  private Path resnet() {
    Path file = folder.resolve("resnet.pt");
    ScriptResNet.write(4, file);
    return file;
  }

  /** Images for the network, and a map that leaves its last layer in floats. */
  private Path images() throws IOException {
    Path file = folder.resolve("images.safetensors");
    ByteBuffer data = ByteBuffer.allocate(4 * 5 * 3 * 32 * 32).order(ByteOrder.LITTLE_ENDIAN);
    Random random = new Random(1);
    while (data.hasRemaining()) {
      data.putFloat((float) random.nextGaussian());
    }
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.F32, List.of(5L, 3L, 32L, 32L), data.flip())
        .write(file);
    return file;
  }

  @Test
  void importSaysWhatAFileHolds() throws IOException {
    String file = resnet().toString();
    CommandResult result = CommandResult.run("import", "--json", file);
    assertEquals(0, result.code(), result.err());
    assertEquals("BasicBlock", row(result.json(), "layer2.0").get("type").asText());
    assertEquals("Conv2d", row(result.json(), "layer2.0.downsample.0").get("type").asText());
    assertEquals(20, result.json().get("types").get("Conv2d").asInt());
    assertEquals("[\"x\"]", result.json().get("inputs").toString());
    CommandResult text = CommandResult.run("import", "--code", file);
    assertTrue(text.out().contains("self.layer1("), text.out());
    assertTrue(text.out().contains("8 BasicBlock"), text.out());
  }

  @Test
  void convertCalibratesAFile() throws IOException {
    Path state = folder.resolve("state.safetensors");
    Path map =
        Files.writeString(
            folder.resolve("map.json"),
            String.format(
                MAP.replace("conv1", "layer1").replace("\"n_bits\": 4", "\"n_bits\": 8"), "fc"));
    CommandResult result =
        CommandResult.run(
            "convert",
            "--map",
            map.toString(),
            "--calibration",
            images().toString(),
            "--batch-size",
            "2",
            "--fold-batch-norm",
            "--output",
            state.toString(),
            "--json",
            resnet().toString());
    assertEquals(0, result.code(), result.err());
    assertEquals(3, result.json().get("calibration_batches").asInt());
    assertTrue(result.json().get("signal_to_noise_db").asDouble() > 10, result.out());
    assertTrue(Files.size(state) > 0);
    CommandResult inspect =
        CommandResult.run("inspect", "--map", map.toString(), resnet().toString());
    assertEquals(0, inspect.code(), inspect.err());
    assertTrue(inspect.out().contains("QuantConv2d"), inspect.out());
  }

  @Test
  void convertTakesAClass() throws IOException {
    Path data = folder.resolve("two.safetensors");
    new SafetensorsWriter()
        .add("x", SafetensorsDtype.F32, List.of(3L, 2L), ByteBuffer.allocate(24).putFloat(8, 1f))
        .write(data);
    Path map =
        Files.writeString(
            folder.resolve("map.json"),
            String.format(MAP.replaceAll("\"conv1\": \\{[^}]*\\}", ""), "")
                .replace("[\"\"]", "[]"));
    CommandResult result =
        CommandResult.run(
            "convert",
            "--map",
            map.toString(),
            "--calibration",
            data.toString(),
            Tiny.class.getName());
    assertEquals(0, result.code(), result.err());
    assertTrue(result.out().contains("QuantLinear"), result.out());
  }

  @Test
  void calibrationNamesTensorsThatDoNotFit() throws IOException {
    Path wrong = folder.resolve("wrong.safetensors");
    new SafetensorsWriter()
        .add("a", SafetensorsDtype.F32, List.of(1L), ByteBuffer.allocate(4))
        .add("b", SafetensorsDtype.F32, List.of(1L), ByteBuffer.allocate(4))
        .write(wrong);
    CommandResult result =
        CommandResult.run(
            "convert",
            "--map",
            map("fc").toString(),
            "--calibration",
            wrong.toString(),
            resnet().toString());
    assertEquals(1, result.code());
    assertTrue(result.err().contains("[a, b]") && result.err().contains("[x]"), result.err());
  }

  @Test
  void filesOfOtherKindsAreNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("page.pt"), "<!DOCTYPE html><html></html>");
    CommandResult result = CommandResult.run("import", file.toString());
    assertEquals(1, result.code());
    assertTrue(result.err().contains("HTML"), result.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"no.such.Model", "java.lang.String"})
  void unknownModelIsAnErrorInWords(String model) {
    CommandResult result = CommandResult.run("inspect", model);
    assertEquals(1, result.code());
    assertTrue(result.err().startsWith("octet: ") && result.err().contains(model), result.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bench",
        "bench --suite nope",
        "inspect",
        "import",
        "convert",
        "convert --map map.json model.pt",
        "quantize model.pt",
        "quantize --output model.octet --map map.json model.pt",
        "run",
        "run --repeat 0 model.octet",
        "run --threads many model.octet",
        "report",
        "report --map map.json model.pt",
        "demo --epochs 0",
        "nope"
      })
  void wrongUsageExitsWith2(String arguments) {
    CommandResult result =
        CommandResult.run(arguments.isEmpty() ? new String[0] : arguments.split(" "));
    assertEquals(2, result.code());
    assertFalse(result.err().isBlank());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "import",
        "inspect",
        "convert",
        "quantize",
        "run",
        "report",
        "bench",
        "version"
      })
  void everyCommandHasExamples(String command) {
    CommandResult result = CommandResult.run(command, "--help");
    assertEquals(0, result.code());
    assertTrue(result.out().contains("Examples:"), result.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"fake-quant", "ranges"})
  void benchWritesARowForEachMeasurement(String suite) throws IOException {
    Path file = folder.resolve("bench.json");
    CommandResult result =
        CommandResult.run(
            "bench", "--suite", suite, "--rounds", "1", "--slice", "1", "--json", file.toString());
    assertEquals(0, result.code(), result.err());
    JsonNode rows = JSON.readTree(file.toFile());
    assertTrue(rows.size() > 5, rows.toString());
    for (JsonNode row : rows) {
      assertEquals(suite, row.get("suite").asText());
      for (String number : new String[] {"ours", "peer", "ratio"}) {
        assertTrue(row.get(number).asDouble() > 0, row.toString());
      }
      for (String text : new String[] {"name", "peer_name", "unit"}) {
        assertFalse(row.get(text).asText().isBlank(), row.toString());
      }
      assertEquals(1, row.get("rounds").asInt());
      assertEquals(NativeLibrary.threads(), row.get("threads").asInt());
      JsonNode machine = row.get("machine");
      for (String text : new String[] {"cpu", "instruction_set", "java", "octet"}) {
        assertFalse(machine.get(text).asText().isBlank(), machine.toString());
      }
      assertTrue(machine.get("peers").get("libtorch").asText().startsWith("2."), row.toString());
    }
  }

  @Test
  void demoReportsEveryWidth() throws IOException {
    CommandResult result =
        CommandResult.run("demo", "--epochs", "2", "--qat-epochs", "1", "--json");
    assertEquals(0, result.code(), result.err());
    JsonNode report = result.json();
    assertTrue(report.get("float_accuracy").asDouble() > 0.5, report.toString());
    assertEquals(10, report.get("calibrated").size());
    assertEquals(2, report.get("trained").size());
    assertEquals(
        1797,
        report.get("train_images").asInt()
            + report.get("calibration_images").asInt()
            + report.get("test_images").asInt());
    JsonNode eightBits = report.get("calibrated").get(0);
    assertEquals(8, eightBits.get("bits").asInt());
    assertTrue(eightBits.get("agreement").asDouble() > 0.9, report.toString());
    for (JsonNode row : report.get("calibrated")) {
      // Programs give what the simulation gives, save where a float sum is on a rounding edge.
      double integer = row.get("accuracy_integer").asDouble();
      assertEquals(row.get("accuracy").asDouble(), integer, 0.02, report.toString());
    }
    for (JsonNode row : report.get("trained")) {
      double integer = row.get("accuracy_trained_integer").asDouble();
      assertEquals(row.get("accuracy_trained").asDouble(), integer, 0.02, report.toString());
    }
  }
}
