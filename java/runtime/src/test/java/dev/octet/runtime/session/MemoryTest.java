// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryTest {
  private static final int DLPACK_CUDA_HOST = 3;

  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;

  @Test
  void blocksThatLiveTogetherDoNotOverlap() {
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      List<MemoryPlanner.Block> blocks = new ArrayList<>();
      int[][] lives = new int[1 + random.nextInt(40)][];
      for (int i = 0; i < lives.length; i++) {
        int first = random.nextInt(20);
        int last = first + random.nextInt(5);
        MemoryPlanner.Block block = new MemoryPlanner.Block(random.nextInt(2000), first);
        block.usedAt(last);
        blocks.add(block);
        lives[i] = new int[] {first, last};
      }
      long arena = MemoryPlanner.place(blocks);
      assertTrue(arena <= MemoryPlanner.sum(blocks));
      for (int i = 0; i < lives.length; i++) {
        MemoryPlanner.Block a = blocks.get(i);
        assertEquals(0, a.offset() % NativeBlock.ALIGNMENT);
        assertTrue(a.offset() + a.bytes() <= arena);
        for (int j = 0; j < i; j++) {
          MemoryPlanner.Block b = blocks.get(j);
          boolean together = lives[i][0] <= lives[j][1] && lives[j][0] <= lives[i][1];
          boolean apart =
              a.offset() + a.bytes() <= b.offset() || b.offset() + b.bytes() <= a.offset();
          assertTrue(!together || apart || a.bytes() == 0 || b.bytes() == 0);
        }
      }
    }
  }

  @Test
  void aChainNeedsTheMemoryOfTwoValues() {
    ProgramBuilder b = Program.builder();
    Value v = b.input("x", ElementType.F32, Shape.of("n"));
    for (int i = 0; i < 10; i++) {
      v = b.unary(UnaryFunction.NEG, v).as("v" + i);
    }
    try (Session session = Session.open(b.output(v).build())) {
      PlanReport plan = session.plan(Map.of("x", new long[] {1600}));
      assertEquals(11 * 6400, plan.sumBytes());
      assertEquals(2 * 6400, plan.arenaBytes());
      float[] x = {1, -2, 3};
      assertArrayEquals(x, session.run(Map.of("x", TensorData.of(x, 3))).get(v.name()).floats());
    }
  }

  @Test
  void everyKindOfMemoryGivesTheSame() {
    Perceptron perceptron = Perceptron.make(6);
    float[] values = TestPrograms.floats(new Random(6), 2 * IN, 5);
    float[] expected = perceptron.expected(values, 2);
    ByteBuffer direct = ByteBuffer.allocateDirect(values.length * 4);
    direct.order(ByteOrder.nativeOrder()).asFloatBuffer().put(values);
    FloatBuffer offset = FloatBuffer.allocate(values.length + 5);
    offset.position(3).put(values).position(3).limit(3 + values.length);
    ByteBuffer swapped = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.BIG_ENDIAN);
    swapped.asFloatBuffer().put(values);
    try (Session session = Session.open(perceptron.program());
        StructMemory structs = new StructMemory()) {
      DLTensor dlpack =
          structs
              .tensor(structs.floats(values).address(), ElementType.F32, new long[] {2, IN}, null)
              .tensor();
      DLTensor pinned =
          structs
              .tensor(structs.floats(values).address(), ElementType.F32, new long[] {2, IN}, null)
              .tensor();
      pinned.device().device_type(DLPACK_CUDA_HOST).device_id(1);
      for (TensorData x :
          List.of(
              TensorData.of(values, 2, IN),
              TensorData.of(direct, 2, IN),
              TensorData.of(direct.asFloatBuffer(), 2, IN),
              TensorData.of(offset, 2, IN),
              TensorData.of(swapped.asFloatBuffer(), 2, IN),
              TensorData.ofDlpack(dlpack.address()),
              TensorData.ofDlpack(pinned.address()))) {
        ByteBuffer result = ByteBuffer.allocateDirect(2 * OUT * 4 + 8);
        result.position(4).limit(4 + 2 * OUT * 4);
        session.run(Map.of("x", x), Map.of("y", TensorData.of(result, 2, OUT)));
        float[] y = new float[2 * OUT];
        result.order(ByteOrder.nativeOrder()).asFloatBuffer().get(y);
        assertArrayEquals(expected, y);
        assertArrayEquals(expected, session.run(Map.of("x", x)).get("y").floats());
      }
    }
  }

  @Test
  void dlpackTensorsThatDoNotFitAreRefused() {
    try (Session session = Session.open(Perceptron.make(6).program());
        StructMemory structs = new StructMemory()) {
      long data = structs.floats(new float[2 * IN]).address();
      DLTensor gaps =
          structs
              .tensor(data, ElementType.F32, new long[] {2, IN}, new long[] {2 * IN, 1})
              .tensor();
      String message =
          assertThrows(IllegalArgumentException.class, () -> TensorData.ofDlpack(gaps.address()))
              .getMessage();
      assertTrue(message.contains("contiguous") && message.contains("[48, 1]"), message);
      DLTensor integers = structs.tensor(data, ElementType.S32, new long[] {2, IN}, null).tensor();
      message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> session.bind().input("x", TensorData.ofDlpack(integers.address())))
              .getMessage();
      assertTrue(message.contains("bits 32") && message.contains("f32"), message);
      DLTensor elsewhere = structs.tensor(data, ElementType.F32, new long[] {2, IN}, null).tensor();
      elsewhere.device().device_type(octet.kDLCUDA).device_id(1);
      message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> session.bind().input("x", TensorData.ofDlpack(elsewhere.address())))
              .getMessage();
      assertTrue(message.contains("cuda:1") && message.contains("expected the CPU"), message);
      elsewhere.device().device_type(7);
      message =
          assertThrows(
                  IllegalArgumentException.class, () -> TensorData.ofDlpack(elsewhere.address()))
              .getMessage();
      assertTrue(message.contains("kind 7") && message.contains("copy it there"), message);
      assertThrows(IllegalArgumentException.class, () -> TensorData.ofDlpack(0));
    }
  }

  @Test
  void outputsThatAreInputsOrConstantsOrTwiceAreCopied() {
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of("n", 2));
    Value c = b.constant("c", Shape.of(2), 5, 6);
    Value flat = b.reshape(x, -1).as("flat");
    Value negative = b.unary(UnaryFunction.NEG, x).as("negative");
    Value again = b.reshape(negative, -1).as("again");
    Program program =
        b.output("same", x).output(flat).output(c).output(negative).output(again).build();
    try (Session session = Session.open(program)) {
      ByteBuffer direct = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
      direct.asFloatBuffer().put(new float[] {1, 2, 3, 4});
      for (TensorData data :
          List.of(TensorData.of(new float[] {1, 2, 3, 4}, 2, 2), TensorData.of(direct, 2, 2))) {
        Map<String, TensorData> y = session.run(Map.of("x", data));
        assertArrayEquals(new float[] {1, 2, 3, 4}, y.get("same").floats());
        assertArrayEquals(new float[] {1, 2, 3, 4}, y.get("flat").floats());
        assertArrayEquals(new long[] {4}, y.get("flat").shape());
        assertArrayEquals(new float[] {5, 6}, y.get("c").floats());
        assertArrayEquals(new float[] {-1, -2, -3, -4}, y.get("negative").floats());
        assertArrayEquals(new float[] {-1, -2, -3, -4}, y.get("again").floats());
      }
    }
  }

  @Test
  void aProfileNamesEveryOperation() {
    try (Session session = Session.open(Perceptron.make(6).program())) {
      List<OperationTiming> timings =
          session.profile(Map.of("x", TensorData.of(new float[IN], 1, IN)));
      assertEquals(
          List.of("q", "h", "y"), timings.stream().map(OperationTiming::operation).toList());
      assertEquals("quantize", timings.get(0).kind());
      assertEquals(5 * IN, timings.get(0).bytes());
      assertTrue(timings.stream().allMatch(t -> t.nanoseconds() > 0));
    }
  }
}
