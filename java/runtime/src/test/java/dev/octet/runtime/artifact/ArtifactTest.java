// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.artifact;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.octet.runtime.EveryKind;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.op.OperationKinds;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.SafetensorsFile;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactTest {
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;

  private final long blocksBefore = NativeBlock.liveBlocks();

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  @Test
  void everyKindIsReadAsItWasWritten() throws IOException {
    Program program = EveryKind.program();
    Set<String> kinds =
        program.operations().stream().map(o -> o.kind().name()).collect(Collectors.toSet());
    assertEquals(
        OperationKinds.all().stream().map(OperationKind::name).collect(Collectors.toSet()), kinds);
    Path file = folder.resolve("a.octet");
    Artifact.write(program, file);
    Program read = Artifact.read(file);
    assertEquals(program.toString(), read.toString());
    assertEquals(program.metadata(), read.metadata());
    try (Session a = Session.open(program);
        Session b = Session.open(read)) {
      Map<String, TensorData> expected = a.run(EveryKind.inputs());
      Map<String, TensorData> actual = b.run(EveryKind.inputs());
      assertEquals(program.outputs().keySet(), actual.keySet());
      expected.forEach(
          (name, values) ->
              assertArrayEquals(
                  new Object[] {values.array()}, new Object[] {actual.get(name).array()}, name));
    }
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "no temporary file stays behind");
    }
  }

  @Test
  void weightsAreReadableAsCodesByAnySafetensorsReader() throws IOException {
    Perceptron perceptron = Perceptron.make(1);
    Path file = folder.resolve("a.octet");
    Artifact.write(perceptron.program(), file);
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      assertEquals(SafetensorsDtype.I8, tensors.info("fc1.weight").dtype());
      byte[] codes = new byte[perceptron.w1().length];
      tensors.data("fc1.weight").get(codes);
      assertArrayEquals(perceptron.w1(), codes);
      float[] scales = new float[perceptron.g1().count()];
      tensors.data("fc1.weight.scale").asFloatBuffer().get(scales);
      assertArrayEquals(perceptron.g1().scales(), scales);
    }
  }

  @Test
  void anyBitThatFlipsIsFound() throws IOException {
    Path file = folder.resolve("a.octet");
    Artifact.write(Perceptron.make(1).program(), file);
    byte[] bytes = Files.readAllBytes(file);
    Random random = new Random(1);
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    for (int i = 0; i < bytes.length; i += i < Long.BYTES + header ? 1 : 7) {
      byte before = bytes[i];
      bytes[i] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bytes);
      ArtifactException error =
          assertThrows(ArtifactException.class, () -> Artifact.read(file), "byte " + i);
      assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
      bytes[i] = before;
    }
  }

  @Test
  void anyCutIsFound() throws IOException {
    Path file = folder.resolve("a.octet");
    Artifact.write(Perceptron.make(1).program(), file);
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length += 1 + length / 100) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThrows(ArtifactException.class, () -> Artifact.read(file));
    }
    Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
    assertThrows(ArtifactException.class, () -> Artifact.read(file));
  }

  private ArtifactException readAltered(Consumer<ObjectNode> alteration) throws IOException {
    Path original = folder.resolve("a.octet");
    ObjectNode root = (ObjectNode) JSON.readTree(Alteration.everyKind(original));
    alteration.accept(root);
    Path altered = folder.resolve("b.octet");
    Alteration.rewrite(original, root.toString(), altered);
    return assertThrows(ArtifactException.class, () -> Artifact.read(altered));
  }

  private static ObjectNode operation(ObjectNode root, int index) {
    return (ObjectNode) root.get("operations").get(index);
  }

  @Test
  void errorsNameThePlace() throws IOException {
    String message = readAltered(root -> operation(root, 0).put("kind", "embeding")).getMessage();
    assertTrue(message.contains("operations[0].kind"), message);
    assertTrue(message.contains("'embeding'"), message);
    message = readAltered(root -> operation(root, 0).put("version", 2)).getMessage();
    assertTrue(message.contains("version 2") && message.contains("newer"), message);
    message =
        readAltered(root -> ((ObjectNode) operation(root, 2).get("inputs")).put("x", "nothing"))
            .getMessage();
    assertTrue(message.contains("operations[2].inputs.x"), message);
    assertTrue(message.contains("no value 'nothing'"), message);
    message =
        readAltered(root -> ((ObjectNode) root.get("constants").get(0)).put("type", "f64"))
            .getMessage();
    assertTrue(message.contains("constants[0].type is 'f64'"), message);
    message = readAltered(root -> root.put("extra", 1)).getMessage();
    assertTrue(message.contains(".extra is unknown"), message);
    message = readAltered(root -> ((ArrayNode) root.get("constants")).remove(0)).getMessage();
    assertTrue(message.contains("'table'"), message);
  }

  /**
   * Every value of the program's JSON is removed or replaced by others, one at a time; each by a
   * third of what there is, in turns.
   */
  @Test
  void anyAlteredProgramIsRefusedOrRuns() throws IOException {
    Path original = folder.resolve("a.octet");
    Path altered = folder.resolve("b.octet");
    JsonNode root = JSON.readTree(Alteration.everyKind(original));
    List<JsonNode> replacements = new ArrayList<>();
    for (String text :
        List.of(
            "null",
            "{}",
            "[]",
            "\"\"",
            "\"rows\"",
            "\"u8\"",
            "true",
            "-1",
            "0",
            "1",
            "7",
            "2147483647",
            "9223372036854775807",
            "1e400",
            "0.5",
            "[-1]",
            "[0,1,2,3]",
            "[9223372036854775807,9223372036854775807]")) {
      replacements.add(JSON.readTree(text));
    }
    int ran = 0;
    int tried = 0;
    List<String> pointers = pointers(root, "");
    for (int p = 0; p < pointers.size(); p++) {
      String pointer = pointers.get(p);
      for (int i = p % 3; i <= replacements.size(); i += 3) {
        JsonNode copy = root.deepCopy();
        replace(copy, pointer, i == replacements.size() ? null : replacements.get(i));
        Alteration.rewrite(original, copy.toString(), altered);
        tried++;
        ran += Alteration.readsAndRuns(altered) ? 1 : 0;
      }
    }
    assertTrue(tried > 500 && ran < tried, ran + " of " + tried);
  }

  private static List<String> pointers(JsonNode node, String at) {
    List<String> all = new ArrayList<>();
    if (node.isObject()) {
      node.fieldNames()
          .forEachRemaining(
              name -> {
                String pointer = at + "/" + name.replace("~", "~0").replace("/", "~1");
                all.add(pointer);
                all.addAll(pointers(node.get(name), pointer));
              });
    } else {
      for (int i = 0; i < node.size(); i++) {
        all.add(at + "/" + i);
        all.addAll(pointers(node.get(i), at + "/" + i));
      }
    }
    return all;
  }

  private static void replace(JsonNode root, String pointer, JsonNode value) {
    int last = pointer.lastIndexOf('/');
    JsonNode parent = root.at(pointer.substring(0, last));
    String field = pointer.substring(last + 1).replace("~1", "/").replace("~0", "~");
    if (parent instanceof ObjectNode object) {
      if (value == null) {
        object.remove(field);
      } else {
        object.set(field, value);
      }
    } else if (value == null) {
      ((ArrayNode) parent).remove(Integer.parseInt(field));
    } else {
      ((ArrayNode) parent).set(Integer.parseInt(field), value);
    }
  }
}
