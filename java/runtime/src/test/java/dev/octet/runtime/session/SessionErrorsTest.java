// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class SessionErrorsTest {
  private static final int IN = TestPrograms.IN;

  private final long blocksBefore = NativeBlock.liveBlocks();
  private final Session session = Session.open(Perceptron.make(1).program());

  @AfterEach
  void nothingIsLeaked() {
    session.close();
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  private static void assertWords(
      Class<? extends Exception> type, Executable code, String... words) {
    String message = assertThrows(type, code).getMessage();
    for (String word : words) {
      assertTrue(message.contains(word), "'" + word + "' is missing in: " + message);
    }
  }

  private static void assertRefused(Executable code, String... words) {
    assertWords(IllegalArgumentException.class, code, words);
  }

  @Test
  void inputsAreChecked() {
    IoBinding io = session.bind();
    float[] x = new float[IN];
    assertRefused(() -> io.input("z", TensorData.of(x, 1, IN)), "'z'", "[x]");
    assertRefused(() -> io.input("x", TensorData.of(x, IN)), "'x'", "[24]", "[batch, 24]");
    assertRefused(() -> io.input("x", TensorData.of(x, 1, 23)), "[1, 23]", "[batch, 24]");
    assertRefused(() -> io.input("x", TensorData.of(x, -1, IN)), "[-1, 24]");
    assertRefused(() -> io.input("x", TensorData.of(x, 2, IN)), "192 bytes", "96");
    assertRefused(() -> io.input("x", TensorData.of(x)), "sizes");
    assertRefused(() -> io.input("x", TensorData.of(new int[IN], 1, IN)), "int", "f32");
    assertRefused(() -> io.input("x", TensorData.of(new long[IN], 1, IN)), "long", "f32");
    assertRefused(() -> io.input("x", TensorData.of(new short[IN], 1, IN)), "short", "f32");
    assertRefused(() -> io.input("x", TensorData.of(x, Long.MAX_VALUE, IN)), "9223372036854775807");
    assertRefused(() -> TensorData.of(DoubleBuffer.allocate(1)), "DoubleBuffer");
    TensorData part = TensorData.of(FloatBuffer.wrap(x, 1, 2));
    assertNull(part.array());
    assertWords(IllegalStateException.class, part::floats, "no whole array");
    assertSame(x, TensorData.of(x, 1, IN).floats());
    assertWords(IllegalStateException.class, io::run, "'x'", "not bound");
    assertRefused(() -> session.run(Map.of()), "'x'", "missing");
  }

  @Test
  void outputsAreChecked() {
    IoBinding io = session.bind().input("x", TensorData.of(new float[2 * IN], 2, IN));
    assertWords(IllegalStateException.class, io::run, "'y'", "not bound");
    assertRefused(() -> io.output("z", TensorData.of(new float[20])), "'z'", "[y]");
    assertRefused(
        () -> io.output("y", TensorData.of(new byte[20].clone(), 20, 1)).run(), "[2, 10]");
    assertRefused(() -> io.output("y", TensorData.of(new float[19])).run(), "80 bytes", "76");
    assertRefused(
        () -> io.output("y", TensorData.of(new float[20], 4, 5)).run(), "[2, 10]", "[4, 5]");
    ByteBuffer readOnly = ByteBuffer.allocateDirect(80).asReadOnlyBuffer();
    assertRefused(() -> io.output("y", TensorData.of(readOnly)), "read-only");
    float[] larger = new float[30];
    io.output("y", TensorData.of(larger)).run();
    assertEquals(0, larger[20]);
    assertRefused(
        () -> session.run(Map.of("x", TensorData.of(new float[IN], 1, IN)), Map.of()),
        "'y'",
        "missing");
  }

  @Test
  void inputAndOutputMayNotShareMemory() {
    ByteBuffer memory = ByteBuffer.allocateDirect(4 * (IN + 10)).order(ByteOrder.nativeOrder());
    ByteBuffer x = memory.slice(0, 4 * IN);
    IoBinding io = session.bind().input("x", TensorData.of(x, 1, IN));
    io.output("y", TensorData.of(memory.slice(4 * IN - 4, 40)));
    assertRefused(io::run, "'y'", "'x'", "shares memory");
    io.output("y", TensorData.of(memory.slice(4 * IN, 40)));
    io.run();
  }

  @Test
  void symbolsAreTheSameSizeEverywhere() {
    ProgramBuilder b = Program.builder();
    Value a = b.input("a", ElementType.F32, Shape.of("n", 2));
    Value c = b.input("c", ElementType.F32, Shape.of("n", 2));
    Program program = b.output(a).output(c).build();
    try (Session two = Session.open(program)) {
      assertRefused(
          () ->
              two.run(
                  Map.of(
                      "a", TensorData.of(new float[2], 1, 2),
                      "c", TensorData.of(new float[4], 2, 2))),
          "'n'",
          "1 in input 'a'",
          "2 in input 'c'");
    }
  }

  @Test
  void anIndexOutsideOfATableIsNamed() {
    ProgramBuilder b = Program.builder();
    Value ids = b.input("ids", ElementType.I64, Shape.of("batch", "tokens"));
    Value table = b.constant("table", Shape.of(3, 2), 0, 1, 2, 3, 4, 5);
    Program program = b.output(b.embedding(ids, table).as("rows")).build();
    try (Session embedding = Session.open(program)) {
      assertRefused(
          () -> embedding.run(Map.of("ids", TensorData.of(new long[] {0, 1, 2, 7}, 2, 2))),
          "'rows'",
          "embedding",
          "7",
          "place 3");
      assertRefused(() -> embedding.run(Map.of("ids", TensorData.of(new long[] {-1}, 1, 1))), "-1");
      assertArrayEquals(
          new float[] {4, 5},
          embedding.run(Map.of("ids", TensorData.of(new long[] {2}, 1, 1))).get("rows").floats());
    }
  }

  @Test
  void aRunThatDoesNotFitTheMemoryLeavesTheSessionUsable() {
    Program program = Perceptron.make(1).program();
    SessionOptions small = SessionOptions.defaults().withMaxPlanBytes(4 << 20);
    try (Session limited = Session.open(program, small)) {
      int batch = 1 << 16;
      assertWords(
          NativeMemoryException.class,
          () -> limited.run(Map.of("x", TensorData.of(new float[batch * IN], batch, IN))),
          "maxPlanBytes is 4194304");
      limited.run(Map.of("x", TensorData.of(new float[IN], 1, IN)));
      // Two that fit alone, one after the other: what the first has is freed for the second.
      for (int rows : new int[] {14_000, 14_001}) {
        limited.run(Map.of("x", TensorData.of(new float[rows * IN], rows, IN)));
      }
    }
  }

  @Test
  void theCpuHasNoStreams() {
    assertRefused(() -> session.bind().stream(0), "runs on the CPU", "withDevice");
    assertWords(
        IllegalStateException.class,
        () -> session.bind().runAsync(),
        "runs on the CPU",
        "run()",
        "withDevice");
  }

  @Test
  void optionsAreChecked() {
    SessionOptions options = SessionOptions.defaults();
    assertRefused(() -> options.withThreads(-1), "threads is -1");
    assertRefused(() -> options.withMaxPlans(0), "maxPlans is 0");
    assertRefused(() -> options.withMaxConcurrentRuns(0), "maxConcurrentRuns is 0");
    assertRefused(() -> options.withMaxPlanBytes(-2), "maxPlanBytes is -2");
  }
}
