// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.archive.TorchSave;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightFileTest {
  @TempDir Path folder;

  private static GraphModule model() {
    return GraphModule.sequential(new LinearImpl(2, 1), new LinearImpl(1, 1));
  }

  private static double at(GraphModule model, String name) {
    try (Tensor tensor = model.attribute(name)) {
      return tensor.flatten().get(0).item_double();
    }
  }

  private static SafetensorsWriter add(SafetensorsWriter writer, String name, int... sizes) {
    int numel = 1;
    Long[] shape = new Long[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      numel *= sizes[i];
      shape[i] = (long) sizes[i];
    }
    float[] values = new float[numel];
    Arrays.fill(values, name.hashCode() % 100);
    return writer.add(
        name, SafetensorsDtype.F32, List.of(shape), ByteBuffer.wrap(TorchSave.floats(values)));
  }

  private static double value(String name) {
    return name.hashCode() % 100;
  }

  private Path whole(String... rename) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    add(writer, "0.weight", 1, 2);
    add(writer, "0.bias", 1);
    add(writer, "1.weight", 1, 1);
    add(writer, rename.length > 0 ? rename[0] : "1.bias", 1);
    Path file = folder.resolve("weights.bin");
    writer.write(file);
    return file;
  }

  @Test
  void loadsByName() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      GraphModule model = model();
      WeightFile.of(whole()).load(model);
      assertEquals(value("0.weight"), at(model, "0.weight"));
      assertEquals(value("1.bias"), at(model, "1.bias"));
    }
  }

  @Test
  void reportsAllThatDoesNotFitAndChangesNothing() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      GraphModule model = GraphModule.sequential(new LinearImpl(3, 1), new LinearImpl(1, 1));
      double before = at(model, "1.weight");
      Path file = whole("extra");
      StateDictException error =
          assertThrows(StateDictException.class, () -> WeightFile.of(file).load(model));
      assertEquals(List.of("1.bias"), error.missing());
      assertEquals(List.of("extra"), error.unexpected());
      assertTrue(error.mismatched().get(0).startsWith("0.weight"), error.getMessage());
      assertEquals(before, at(model, "1.weight"));
      StateReport report = WeightFile.of(file).loadMatching(model);
      assertEquals(error.report(), report);
      assertFalse(report.fits());
      assertEquals(value("1.weight"), at(model, "1.weight"));
    }
  }

  @Test
  void renames() throws IOException {
    try (PointerScope scope = new PointerScope()) {
      SafetensorsWriter writer = new SafetensorsWriter();
      add(writer, "net.layers.0.w", 1, 2);
      add(writer, "net.layers.0.bias", 1);
      add(writer, "net.layers.1.w", 1, 1);
      add(writer, "last", 1);
      add(writer, "net.position_ids", 4);
      Path file = folder.resolve("named.safetensors");
      writer.write(file);
      GraphModule model = model();
      Renaming names =
          Renaming.builder()
              .drop(".*position_ids")
              .prefix("net.", "")
              .pattern("layers\\.(\\d+)\\.", "$1.")
              .pattern("\\.w$", ".weight")
              .exact("last", "1.bias")
              .build();
      WeightFile.of(file).rename(names).load(model);
      assertEquals(value("net.layers.0.w"), at(model, "0.weight"));
      assertEquals(value("last"), at(model, "1.bias"));
      Renaming collides = Renaming.builder().pattern(".*bias|last", "x").build();
      IllegalArgumentException error =
          assertThrows(
              IllegalArgumentException.class, () -> WeightFile.of(file).rename(collides).read());
      assertTrue(error.getMessage().contains("'last'"), error.getMessage());
    }
  }

  @Test
  void shardsAreReadByTheirIndex() throws IOException {
    SafetensorsWriter first = new SafetensorsWriter();
    add(first, "0.weight", 1, 2);
    add(first, "0.bias", 1);
    first.write(folder.resolve("model-00001-of-00002.safetensors"));
    SafetensorsWriter second = new SafetensorsWriter();
    add(second, "1.weight", 1, 1);
    add(second, "1.bias", 1);
    second.write(folder.resolve("model-00002-of-00002.safetensors"));
    Path index =
        Files.writeString(
            folder.resolve("model.safetensors.index.json"),
            """
            {"metadata": {"total_size": 20}, "weight_map": {
              "0.weight": "model-00001-of-00002.safetensors",
              "0.bias": "model-00001-of-00002.safetensors",
              "1.weight": "model-00002-of-00002.safetensors",
              "1.bias": "model-00002-of-00002.safetensors"}}
            """);
    try (PointerScope scope = new PointerScope()) {
      for (Path path : List.of(index, folder)) {
        GraphModule model = model();
        WeightFile.of(path).load(model);
        assertEquals(value("1.weight"), at(model, "1.weight"));
      }
      Files.delete(folder.resolve("model-00002-of-00002.safetensors"));
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> WeightFile.of(index).load(model()));
      assertTrue(error.getMessage().contains("model-00002-of-00002"), error.getMessage());
      Files.writeString(index, "{\"weight_map\": {\"a\": \"../outside.safetensors\"}}");
      assertThrows(IllegalArgumentException.class, () -> WeightFile.of(index).load(model()));
    }
  }

  @Test
  void torchSaveAndOtherTypes() throws IOException {
    Path file =
        new TorchSave()
            .storage("0", new byte[] {0, 0x3c, 0, 0x40})
            .beginDict()
            .text("0.weight")
            .tensor("HalfStorage", "0", "cpu", 2, 0, new int[] {1, 2}, new int[] {2, 1})
            .text("0.bias")
            .tensor("HalfStorage", "0", "cpu", 2, 1, new int[] {1}, new int[] {1})
            .text("1.weight")
            .tensor("HalfStorage", "0", "cpu", 2, 0, new int[] {1, 1}, new int[] {1, 1})
            .text("1.bias")
            .tensor("HalfStorage", "0", "cpu", 2, 0, new int[] {1}, new int[] {1})
            .endDict()
            .write(folder.resolve("half.pt"));
    try (PointerScope scope = new PointerScope()) {
      GraphModule model = model();
      StateDictException types =
          assertThrows(StateDictException.class, () -> WeightFile.of(file).load(model));
      assertEquals(4, types.mismatched().size());
      WeightFile.of(file).convertTypes().load(model);
      assertEquals(1.0, at(model, "0.weight"));
      assertEquals(2.0, at(model, "0.bias"));
    }
  }

  @Test
  void filesOfOtherKindsAreNamed() throws IOException {
    Path page = Files.writeString(folder.resolve("weights.pt"), "<!DOCTYPE html><html></html>");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> WeightFile.of(page).read());
    assertTrue(error.getMessage().contains("HTML"), error.getMessage());
  }
}
