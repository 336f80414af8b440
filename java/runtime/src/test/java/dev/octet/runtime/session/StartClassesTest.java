// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which classes a process loads up to its first result: that is what most of the time goes to, and
 * what a change brings back without being noticed.
 */
class StartClassesTest {
  /** Opens an artifact and runs it. */
  static final class Service {
    private Service() {}

    public static void main(String[] args) throws IOException {
      try (Session session = Session.open(Path.of(args[0]))) {
        session.run(Map.of("x", TensorData.of(new float[64], 1, 64)));
      }
    }
  }

  @Test
  void nothingIsLoadedThatAFirstResultDoesNotNeed(@TempDir Path folder) throws Exception {
    Path artifact = folder.resolve("linear.octet");
    Artifact.write(linear(), artifact);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-Xlog:class+load:stdout",
                "-cp",
                System.getProperty("java.class.path"),
                Service.class.getName(),
                artifact.toString())
            .redirectErrorStream(true)
            .start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), text);
    List<String> lines = text.lines().toList();
    assertTrue(lines.stream().anyMatch(line -> line.contains("dev.octet.runtime.op.LinearKind")));
    for (String needless :
        List.of(
            "com.fasterxml.jackson.databind.",
            "java.lang.management.",
            "java.lang.runtime.ObjectMethods",
            "org.slf4j.",
            "dev.octet.runtime.artifact.ArtifactReader$$Lambda",
            "dev.octet.runtime.program.ProgramBuilder$$Lambda",
            "dev.octet.runtime.session.ConstantMemory$$Lambda",
            "dev.octet.runtime.session.Plan$$Lambda",
            "dev.octet.runtime.session.Session$$Lambda",
            "dev.octet.runtime.session.SessionCore$$Lambda",
            "dev.octet.runtime.session.RunSlots$$Lambda",
            "dev.octet.runtime.op.LinearKind$$Lambda",
            "dev.octet.runtime.op.QuantizeKind$$Lambda")) {
      assertEquals(
          List.of(), lines.stream().filter(l -> l.contains(" " + needless)).toList(), needless);
    }
  }

  private static Program linear() {
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of("batch", 64));
    Grid weights = Grid.perTensor(0.5f, 0, -128, 127);
    Value w = b.constant("weights", ElementType.S8, Shape.of(16, 64), weights, new byte[16 * 64]);
    Grid grid = Grid.perTensor(0.1f, 3, 0, 255);
    Value q = b.quantize(x).as("q", ElementType.U8, grid);
    return b.output(b.linear(q, w).as("y")).build();
  }
}
