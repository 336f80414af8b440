// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.memory.NativeBlock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionTest {
  @TempDir Path folder;

  private final long blocksBefore = NativeBlock.liveBlocks();

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  @Test
  void runsAsTheReferenceDoes() {
    Perceptron perceptron = Perceptron.make(1);
    try (Session session = Session.open(perceptron.program())) {
      for (int batch : new int[] {1, 3, 0, 17, 3}) {
        float[] x = TestPrograms.floats(new Random(batch), batch * TestPrograms.IN, 5);
        Map<String, TensorData> y =
            session.run(Map.of("x", TensorData.of(x, batch, TestPrograms.IN)));
        assertArrayEquals(perceptron.expected(x, batch), y.get("y").floats());
        assertArrayEquals(new long[] {batch, TestPrograms.OUT}, y.get("y").shape());
      }
    }
  }

  @Test
  void aSavedProgramRunsAlike() throws IOException {
    Perceptron perceptron = Perceptron.make(2);
    Path file = folder.resolve("model.octet");
    Artifact.write(perceptron.program(), file);
    float[] x = TestPrograms.floats(new Random(5), 4 * TestPrograms.IN, 5);
    try (Session session = Session.open(file)) {
      assertEquals(perceptron.program().toString(), session.program().toString());
      assertArrayEquals(
          perceptron.expected(x, 4),
          session.run(Map.of("x", TensorData.of(x, 4, TestPrograms.IN))).get("y").floats());
    }
  }

  @Test
  void refusesUseAfterClose() {
    Session session = Session.open(Perceptron.make(3).program());
    IoBinding binding = session.bind();
    float[] x = new float[TestPrograms.IN];
    binding.input("x", TensorData.of(x, 1, TestPrograms.IN)).allocateOutputs().run();
    session.close();
    session.close();
    assertTrue(session.isClosed());
    String message = assertThrows(IllegalStateException.class, binding::run).getMessage();
    assertTrue(message.contains("closed"), message);
    assertThrows(IllegalStateException.class, session::bind);
  }
}
