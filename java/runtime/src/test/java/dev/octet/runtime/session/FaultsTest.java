// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.DLTensor;
import dev.octet.runtime.EveryKind;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.BinaryFunction;
import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Inputs and moments in which a session could do wrong. */
class FaultsTest {
  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;
  private static final int RUNS = 10_000;
  private static final int BLOCKS = 5;
  private static final long GROWTH = 2L << 20;

  private final long blocksBefore = NativeBlock.liveBlocks();
  private final Perceptron perceptron = Perceptron.make(8);

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
  }

  private static Map<String, TensorData> x(float[] values, long rows) {
    return Map.of("x", TensorData.of(values, rows, IN));
  }

  /** NaN is quantized to the zero point, an infinity to an end of the grid, as the C API says. */
  @Test
  void notANumberAndInfinitiesDoWhatQuantizationSays() {
    float[] odd = TestPrograms.floats(new Random(1), IN, 5);
    odd[3] = Float.NaN;
    odd[5] = Float.POSITIVE_INFINITY;
    odd[7] = Float.NEGATIVE_INFINITY;
    float[] even = odd.clone();
    even[3] = 0;
    even[5] = 1e30f;
    even[7] = -1e30f;
    try (Session session = Session.open(perceptron.program())) {
      assertArrayEquals(
          session.run(x(even, 1)).get("y").floats(), session.run(x(odd, 1)).get("y").floats());
    }
  }

  @Test
  void floatsCarryNotANumberThrough() {
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of("n"));
    Value negative = b.unary(UnaryFunction.NEG, x).as("negative");
    Program program = b.output(b.binary(BinaryFunction.ADD, negative, x).as("y")).build();
    try (Session session = Session.open(program)) {
      float[] y =
          session
              .run(Map.of("x", TensorData.of(new float[] {1, Float.NaN, 2}, 3)))
              .get("y")
              .floats();
      assertTrue(y[0] == 0 && Float.isNaN(y[1]) && y[2] == 0, Arrays.toString(y));
    }
  }

  @Test
  void batchesOfNothing() {
    try (Session session = Session.open(perceptron.program())) {
      TensorData y = session.run(x(new float[0], 0)).get("y");
      assertArrayEquals(new long[] {0, OUT}, y.shape());
      assertEquals(0, y.floats().length);
      ByteBuffer nothing = ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
      session.run(
          Map.of("x", TensorData.of(nothing, 0, IN)), Map.of("y", TensorData.of(new float[0])));
      float[] one = TestPrograms.floats(new Random(2), IN, 5);
      assertArrayEquals(perceptron.expected(one, 1), session.run(x(one, 1)).get("y").floats());
    }
  }

  @Test
  void batchesOfNothingInOperationsOfEveryKind() {
    try (Session session = Session.open(EveryKind.program())) {
      Map<String, TensorData> nothing =
          Map.of("ids", TensorData.of(new long[0], 0, 3), "mask", TensorData.of(new byte[0], 0, 3));
      // The program picks the first row of its input, and there is none.
      String message =
          assertThrows(IllegalArgumentException.class, () -> session.run(nothing)).getMessage();
      assertTrue(message.contains("'picked'") && message.contains("place 0"), message);
      Map<String, TensorData> noTokens =
          Map.of("ids", TensorData.of(new long[0], 2, 0), "mask", TensorData.of(new byte[0], 2, 0));
      assertThrows(IllegalArgumentException.class, () -> session.run(noTokens));
      assertEquals(EveryKind.program().outputs().size(), session.run(EveryKind.inputs()).size());
    }
  }

  @Test
  void ranksAndTypesThatDoNotFitAreNamed() {
    try (Session session = Session.open(EveryKind.program())) {
      Map<String, TensorData> inputs = new HashMap<>(EveryKind.inputs());
      for (TensorData wrong :
          List.of(
              TensorData.of(new long[6], 6),
              TensorData.of(new long[6], 2, 3, 1),
              TensorData.of(new float[6], 2, 3),
              TensorData.of(new long[8], 2, 4),
              TensorData.of(new long[0], 2, 0))) {
        inputs.put("ids", wrong);
        String message =
            assertThrows(IllegalArgumentException.class, () -> session.run(inputs)).getMessage();
        assertTrue(message.contains("ids") || message.contains("tokens"), message);
      }
      assertEquals(EveryKind.program().outputs().size(), session.run(EveryKind.inputs()).size());
    }
  }

  @Test
  void dlpackTensorsAreReadAndWrittenInPlace() {
    float[] values = TestPrograms.floats(new Random(4), 2 * IN, 5);
    try (Session session = Session.open(perceptron.program());
        StructMemory structs = new StructMemory();
        NativeBlock memory = NativeBlock.allocate(2 * OUT * Float.BYTES, "an output")) {
      Address input = structs.floats(values);
      DLTensor in =
          structs.tensor(input.address(), ElementType.F32, new long[] {2, IN}, null).tensor();
      DLTensor out =
          structs
              .tensor(memory.address(), ElementType.F32, new long[] {2, OUT}, new long[] {OUT, 1})
              .tensor();
      IoBinding io =
          session
              .bind()
              .input("x", TensorData.ofDlpack(in.address()))
              .output("y", TensorData.ofDlpack(out.address()));
      io.run();
      assertArrayEquals(perceptron.expected(values, 2), floats(memory));
      // The memory is looked at anew by every run.
      float[] others = TestPrograms.floats(new Random(5), 2 * IN, 5);
      NativeBlock.view(input.address(), others.length * Float.BYTES).asFloatBuffer().put(others);
      io.run();
      assertArrayEquals(perceptron.expected(others, 2), floats(memory));
    }
  }

  private static float[] floats(NativeBlock memory) {
    float[] values = new float[(int) memory.bytes() / Float.BYTES];
    memory.buffer(0, (int) memory.bytes()).asFloatBuffer().get(values);
    return values;
  }

  @Test
  void dlpackOutputsThatDoNotFitAreRefused() {
    try (Session session = Session.open(perceptron.program());
        StructMemory structs = new StructMemory()) {
      long data = structs.floats(new float[4 * OUT]).address();
      float[] values = new float[2 * IN];
      for (DLTensor wrong :
          List.of(
              structs.tensor(data, ElementType.F32, new long[] {OUT, 2}, null).tensor(),
              structs.tensor(data, ElementType.F32, new long[] {2 * OUT}, null).tensor(),
              structs.tensor(data, ElementType.S32, new long[] {2, OUT}, null).tensor())) {
        String message =
            assertThrows(
                    IllegalArgumentException.class,
                    () ->
                        session.run(
                            x(values, 2), Map.of("y", TensorData.ofDlpack(wrong.address()))))
                .getMessage();
        assertTrue(message.contains("'y'"), message);
      }
      DLTensor gaps =
          structs
              .tensor(data, ElementType.F32, new long[] {2, OUT}, new long[] {2 * OUT, 1})
              .tensor();
      assertThrows(IllegalArgumentException.class, () -> TensorData.ofDlpack(gaps.address()));
    }
  }

  /** What the system does not have is an exception, and nothing is left of the attempt. */
  @Test
  void memoryThatTheSystemDoesNotHave() {
    NativeMemoryException error =
        assertThrows(NativeMemoryException.class, () -> NativeBlock.allocate(1L << 60, "a test"));
    assertTrue(error.getMessage().contains("1152921504606846976"), error.getMessage());
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of("n"));
    Value wide = x;
    for (int i = 0; i < 50; i++) {
      wide = b.concat(0, List.of(wide, wide)).as("twice" + i);
    }
    Value few = b.operation("slice").input("x", wide).set("axis", 0).set("end", 1).as("few");
    Program program = b.output(few).build();
    SessionOptions options = SessionOptions.defaults().withMaxPlanBytes(Long.MAX_VALUE);
    try (Session session = Session.open(program, options)) {
      Map<String, TensorData> one = Map.of("x", TensorData.of(new float[] {1}, 1));
      long blocks = NativeBlock.liveBlocks();
      for (int i = 0; i < 3; i++) {
        assertThrows(NativeMemoryException.class, () -> session.run(one));
        assertEquals(blocks, NativeBlock.liveBlocks());
      }
    }
  }

  @Test
  void tenThousandRunsOfChangingShapesLeaveMemoryWhereItWas() {
    SessionOptions options = SessionOptions.defaults().withMaxPlans(3).withThreads(1);
    List<Long> grown = new ArrayList<>();
    try (Session session = Session.open(perceptron.program(), options)) {
      float[][] inputs = new float[7][];
      for (int rows = 0; rows < inputs.length; rows++) {
        inputs[rows] = TestPrograms.floats(new Random(rows), rows * IN, 5);
      }
      for (int block = 0; block <= BLOCKS; block++) {
        System.gc();
        long before = Pointer.physicalBytes();
        for (int i = 0; i < RUNS / BLOCKS; i++) {
          int rows = i % inputs.length;
          session.run(x(inputs[rows], rows));
        }
        System.gc();
        // The first block warms up.
        if (block > 0) {
          grown.add(Pointer.physicalBytes() - before);
        }
      }
    }
    assertTrue(
        grown.stream().anyMatch(bytes -> bytes < GROWTH), "every block of runs grew: " + grown);
  }
}
