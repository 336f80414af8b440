// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.octet.bindings.DLTensor;
import dev.octet.runtime.EveryKind;
import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NeedsCuda
class CudaSessionTest {
  private static final Device DEVICE = Device.cuda(0);
  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;
  private static final int DLPACK_CUDA_HOST = 3;

  private final CudaLeaks leaks = new CudaLeaks();
  private final Perceptron perceptron = Perceptron.make(1);

  @AfterEach
  void nothingIsLeaked() {
    leaks.check();
  }

  private static float[] floats(int seed, int count) {
    return TestPrograms.floats(new Random(seed), count, 5);
  }

  private static Map<String, TensorData> x(float[] values, int batch) {
    return Map.of("x", TensorData.of(values, batch, IN));
  }

  private static GraphReport last(Session session) {
    return session.graphs().get(session.graphs().size() - 1);
  }

  @Test
  void runsAsTheReferenceDoes() {
    try (Session session = Session.open(perceptron.program(), OnCuda.options())) {
      assertEquals(DEVICE, session.device());
      assertTrue(session.constantBytes() > 0);
      for (int batch : new int[] {1, 3, 0, 17, 3, 3, 3}) {
        float[] x = floats(batch, batch * IN);
        TensorData y = session.run(x(x, batch)).get("y");
        assertArrayEquals(perceptron.expected(x, batch), y.floats());
        assertArrayEquals(new long[] {batch, OUT}, y.shape());
      }
      GraphReport graph = last(session);
      assertArrayEquals(new long[] {3, IN}, graph.inputs().get(0).shape().sizes());
      assertNull(graph.obstacle());
      assertTrue(graph.nodes() >= session.program().operations().size(), graph.toString());
    }
  }

  @Test
  void everyKindRunsAsOnTheCpu() {
    Program program = EveryKind.program();
    try (Session session = Session.open(program)) {
      OnCuda.assertSame(program, EveryKind.inputs(), session.run(EveryKind.inputs()));
    }
  }

  @Test
  void everyKindOfMemoryGivesTheSame() {
    float[] values = floats(6, 2 * IN);
    float[] expected = perceptron.expected(values, 2);
    ByteBuffer direct = ByteBuffer.allocateDirect(values.length * 4).order(ByteOrder.nativeOrder());
    direct.asFloatBuffer().put(values);
    ByteBuffer result = ByteBuffer.allocateDirect(expected.length * 4);
    result.order(ByteOrder.nativeOrder());
    try (Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor there = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, IN);
        DeviceTensor out = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, OUT)) {
      there.copyFrom(TensorData.of(values));
      for (TensorData x :
          List.of(TensorData.of(values, 2, IN), TensorData.of(direct, 2, IN), there.data())) {
        assertArrayEquals(expected, session.run(Map.of("x", x)).get("y").floats());
        session.run(Map.of("x", x), Map.of("y", TensorData.of(result, 2, OUT)));
        float[] y = new float[expected.length];
        result.asFloatBuffer().get(y);
        assertArrayEquals(expected, y);
        out.copyFrom(TensorData.of(new float[expected.length]));
        session.run(Map.of("x", x), Map.of("y", out.data()));
        float[] back = new float[expected.length];
        out.copyTo(TensorData.of(back));
        assertArrayEquals(expected, back);
      }
    }
  }

  @Test
  void pinnedTensorsOfOthersAreInputsAndOutputs() {
    float[] values = floats(8, 2 * IN);
    float[] expected = perceptron.expected(values, 2);
    try (DeviceBlock from = DeviceBlock.pinned(DEVICE, values.length * 4L, "an input");
        DeviceBlock to = DeviceBlock.pinned(DEVICE, expected.length * 4L, "an output");
        StructMemory structs = new StructMemory();
        Session there = Session.open(perceptron.program(), OnCuda.options());
        Session here = Session.open(perceptron.program())) {
      ByteBuffer input = NativeBlock.view(from.address(), values.length * 4);
      ByteBuffer output = NativeBlock.view(to.address(), expected.length * 4);
      input.asFloatBuffer().put(values);
      TensorData x = pinned(structs, from.address(), 2, IN);
      TensorData y = pinned(structs, to.address(), 2, OUT);
      for (Session session : List.of(there, here)) {
        for (int run = 0; run < 3; run++) {
          output.asFloatBuffer().put(new float[expected.length]);
          session.run(Map.of("x", x), Map.of("y", y));
          float[] back = new float[expected.length];
          output.asFloatBuffer().get(back);
          assertArrayEquals(expected, back);
        }
      }
    }
  }

  private static TensorData pinned(StructMemory structs, long address, long... shape) {
    DLTensor tensor = structs.tensor(address, ElementType.F32, shape, null).tensor();
    tensor.device().device_type(DLPACK_CUDA_HOST);
    return TensorData.ofDlpack(tensor.address());
  }

  @Test
  void runsWorkInTheStreamOfTheCaller() {
    float[][] values = {floats(9, 2 * IN), floats(10, 2 * IN), floats(11, 2 * IN)};
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, IN)) {
      float[] y = new float[2 * OUT];
      IoBinding io =
          session.bind().input("x", x.data()).output("y", TensorData.of(y, 2, OUT)).stream(
              stream.handle().address());
      for (float[] each : values) {
        // Enqueued and not waited for: the run comes behind it.
        try (NativeBlock staged = NativeBlock.allocate(each.length * 4L, "a test")) {
          staged.buffer(0, each.length * 4).asFloatBuffer().put(each);
          stream.copy(x.data().address(), staged.address(), each.length * 4L);
          io.run();
        }
        assertArrayEquals(perceptron.expected(each, 2), y);
      }
      // The first run made its calls, the others launched what was recorded.
      assertNull(last(session).obstacle());
      assertTrue(last(session).nodes() > 0);
      assertEquals(1, session.graphs().size());
    }
  }

  /** A stream that is being recorded can't be waited for: so a run that is in it fails. */
  @Test
  void onlyRunsThatAreGivenAStreamWorkInIt() {
    float[] values = floats(12, 2 * IN);
    float[] expected = perceptron.expected(values, 2);
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options())) {
      IoBinding own = session.bind().input("x", TensorData.of(values, 2, IN)).allocateOutputs();
      IoBinding given = session.bind().input("x", TensorData.of(values, 2, IN)).allocateOutputs();
      own.run();
      given.stream(stream.handle().address()).run();
      assertArrayEquals(expected, given.output("y").floats());
      assertThrows(
          IllegalStateException.class,
          () ->
              CudaGraph.record(
                  stream,
                  () -> {
                    own.run();
                    assertThrows(IllegalStateException.class, given::run);
                    throw new IllegalStateException("nothing to be launched");
                  }));
      assertArrayEquals(expected, own.output("y").floats());
      given.run();
      own.run();
      assertArrayEquals(expected, given.output("y").floats());
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
    Map<String, TensorData> inputs = Map.of("x", TensorData.of(new float[] {1, 2, 3, 4}, 2, 2));
    try (Session session = Session.open(program)) {
      OnCuda.assertSame(program, inputs, session.run(inputs));
    }
  }

  /** Every set of addresses has a graph of its own, up to some; others run without. */
  @Test
  void memoryThatMovesIsFollowed() {
    List<DeviceTensor> places = new ArrayList<>();
    try (Session session = Session.open(perceptron.program(), OnCuda.options())) {
      for (int i = 0; i < 7; i++) {
        places.add(DeviceTensor.allocate(DEVICE, ElementType.F32, 3, IN));
      }
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < places.size(); i++) {
          float[] values = floats(10 * round + i, 3 * IN);
          places.get(i).copyFrom(TensorData.of(values));
          float[] y = session.run(Map.of("x", places.get(i).data())).get("y").floats();
          assertArrayEquals(perceptron.expected(values, 3), y);
        }
      }
    } finally {
      places.forEach(DeviceTensor::close);
    }
  }

  @Test
  void sessionsHandTensorsOnWithoutTheHost() {
    ProgramBuilder b = Program.builder();
    Value y = b.input("y", ElementType.F32, Shape.of("batch", OUT));
    Program second = b.output("z", b.unary(UnaryFunction.NEG, y).as("negative")).build();
    try (Session first = Session.open(perceptron.program(), OnCuda.options());
        Session next = Session.open(second, OnCuda.options());
        DeviceTensor between = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, OUT)) {
      float[] values = floats(3, 2 * IN);
      float[] expected = perceptron.expected(values, 2);
      first.run(x(values, 2), Map.of("y", between.data()));
      float[] z = next.run(Map.of("y", between.data())).get("z").floats();
      for (int i = 0; i < z.length; i++) {
        assertEquals(-expected[i], z[i]);
      }
    }
  }

  @Test
  void graphsCanBeTurnedOff() {
    SessionOptions options = OnCuda.options().withCudaGraphs(false);
    try (Session session = Session.open(perceptron.program(), options)) {
      float[] values = floats(2, IN);
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(
            perceptron.expected(values, 1), session.run(x(values, 1)).get("y").floats());
      }
      assertEquals(0, last(session).nodes());
      assertEquals("the session's options say so", last(session).obstacle());
    }
  }

  @Test
  void runsAllocateNothingAfterTheSecond() {
    ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    int runs = 200;
    try (Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor y = DeviceTensor.allocate(DEVICE, ElementType.F32, 1, OUT)) {
      IoBinding toHost =
          session.bind().input("x", TensorData.of(floats(1, IN), 1, IN)).allocateOutputs();
      IoBinding inPlace =
          session.bind().input("x", TensorData.of(floats(1, IN), 1, IN)).output("y", y.data());
      for (int i = 0; i < runs; i++) {
        toHost.run();
        inPlace.run();
      }
      CudaLeaks now = new CudaLeaks();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < runs; i++) {
        toHost.run();
        inPlace.run();
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      // An object a run would be 16 bytes 400 times; what the counter itself takes is less.
      assertTrue(allocated < 16L * runs, allocated + " bytes in " + 2 * runs + " runs");
      now.check();
    }
  }

  @Test
  void concurrentCallersGetTheirOwnResults() throws Exception {
    int calls = 24;
    SessionOptions options = OnCuda.options().withMaxPlans(2).withMaxConcurrentRuns(3);
    ExecutorService callers = Executors.newFixedThreadPool(6);
    try (Session session = Session.open(perceptron.program(), options)) {
      List<Future<?>> results = new ArrayList<>();
      for (int call = 0; call < calls; call++) {
        int batch = 1 + call % 3;
        float[] values = floats(call, batch * IN);
        results.add(
            callers.submit(
                () -> {
                  float[] expected = perceptron.expected(values, batch);
                  for (int i = 0; i < 4; i++) {
                    assertArrayEquals(expected, session.run(x(values, batch)).get("y").floats());
                  }
                }));
      }
      for (Future<?> result : results) {
        result.get(120, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void closingWaitsForRunsAndRefusesFurtherOnes() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(3);
    try {
      Session session = Session.open(perceptron.program(), OnCuda.options());
      AtomicInteger done = new AtomicInteger();
      List<Future<Integer>> ends = new ArrayList<>();
      for (int caller = 0; caller < 3; caller++) {
        ends.add(callers.submit(() -> runUntilClosed(session, done)));
      }
      while (done.get() < 9) {
        Thread.sleep(1);
      }
      session.close();
      leaks.check();
      for (Future<Integer> end : ends) {
        end.get(60, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private Integer runUntilClosed(Session session, AtomicInteger done) {
    float[] values = floats(9, 8 * IN);
    float[] expected = perceptron.expected(values, 8);
    while (true) {
      try {
        assertArrayEquals(expected, session.run(x(values, 8)).get("y").floats());
        done.incrementAndGet();
      } catch (IllegalStateException e) {
        assertTrue(e.getMessage().contains("closed"), e.getMessage());
        return done.get();
      }
    }
  }

  @Test
  void aProfileNamesEveryOperation() {
    try (Session session = Session.open(perceptron.program(), OnCuda.options())) {
      List<OperationTiming> timings = session.profile(x(new float[IN], 1));
      assertEquals(
          List.of("q", "h", "y"), timings.stream().map(OperationTiming::operation).toList());
      assertTrue(timings.stream().allMatch(t -> t.nanoseconds() > 0));
    }
  }

  @Test
  void aForgottenSessionIsFreedByTheCollector() throws InterruptedException {
    openAndForget();
    for (int i = 0; i < 100 && NativeBlock.liveBlocks() != leaks.blocks(); i++) {
      System.gc();
      Thread.sleep(50);
    }
  }

  private void openAndForget() {
    Session session = Session.open(perceptron.program(), OnCuda.options());
    assertThrows(IllegalStateException.class, () -> session.bind().run());
    session.run(x(new float[IN], 1));
  }
}
