// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Runs that are enqueued in streams. Who waits for whom is the subject of EnqueuedRunTest. */
@NeedsCuda
class CudaAsyncTest {
  private static final Device DEVICE = Device.cuda(0);
  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;
  private static final int BATCH = 2;

  private final CudaLeaks leaks = new CudaLeaks();
  private final Perceptron perceptron = Perceptron.make(1);

  @AfterEach
  void nothingIsLeaked() {
    leaks.check();
  }

  private static float[] floats(int seed) {
    return TestPrograms.floats(new Random(seed), BATCH * IN, 5);
  }

  private static DeviceTensor tensor(int columns) {
    return DeviceTensor.allocate(DEVICE, ElementType.F32, BATCH, columns);
  }

  private void check(int seed, DeviceTensor y) {
    float[] back = new float[BATCH * OUT];
    y.copyTo(TensorData.of(back));
    assertArrayEquals(perceptron.expected(floats(seed), BATCH), back);
  }

  /** Copies to the input, runs, and copies from the output, enqueued by turns in one stream. */
  @Test
  void runsTakeTheirPlaceInTheStreamOfTheCaller() {
    int turns = 6;
    int bytes = BATCH * OUT * Float.BYTES;
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT);
        DeviceBlock sent = DeviceBlock.pinned(DEVICE, turns * BATCH * IN * 4L, "inputs");
        DeviceBlock fetched = DeviceBlock.pinned(DEVICE, (long) turns * bytes, "outputs")) {
      IoBinding io = session.bind().stream(stream.handle().address()).input("x", x.data());
      io.output("y", y.data());
      EnqueuedRun run = null;
      for (int turn = 0; turn < turns; turn++) {
        long from = sent.address() + turn * BATCH * IN * 4L;
        NativeBlock.view(from, BATCH * IN * 4).asFloatBuffer().put(floats(turn));
        stream.copy(x.data().address(), from, BATCH * IN * 4L);
        run = io.runAsync();
        stream.copy(fetched.address() + (long) turn * bytes, y.data().address(), bytes);
      }
      run.await();
      assertTrue(run.isDone());
      stream.synchronize();
      for (int turn = 0; turn < turns; turn++) {
        float[] back = new float[BATCH * OUT];
        NativeBlock.view(fetched.address() + (long) turn * bytes, bytes).asFloatBuffer().get(back);
        assertArrayEquals(perceptron.expected(floats(turn), BATCH), back, "turn " + turn);
      }
      GraphReport graph = session.graphs().get(0);
      assertNull(graph.obstacle());
      assertTrue(graph.nodes() > 0);
    }
  }

  @Test
  void everyKindOfMemoryGivesTheSame() {
    ByteBuffer direct = ByteBuffer.allocateDirect(BATCH * OUT * Float.BYTES);
    direct.order(ByteOrder.nativeOrder());
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = tensor(IN)) {
      for (int turn = 0; turn < 3; turn++) {
        float[] values = floats(turn);
        x.copyFrom(TensorData.of(values));
        for (TensorData input : List.of(x.data(), TensorData.of(values, BATCH, IN))) {
          IoBinding io = session.bind().input("x", input).output("y", TensorData.of(direct));
          io.runAsync().await();
          assertDirect(values, direct);
          io.stream(stream.handle().address()).runAsync().await();
          assertDirect(values, direct);
        }
      }
    }
  }

  private void assertDirect(float[] values, ByteBuffer direct) {
    float[] back = new float[BATCH * OUT];
    direct.asFloatBuffer().get(back);
    assertArrayEquals(perceptron.expected(values, BATCH), back);
    direct.asFloatBuffer().put(new float[back.length]);
  }

  @Test
  void bindingsCanBeGivenOtherMemoryAtOnce() {
    List<DeviceTensor> tensors = new ArrayList<>();
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options())) {
      IoBinding io = session.bind().stream(stream.handle().address());
      List<EnqueuedRun> runs = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT);
        tensors.add(x);
        tensors.add(y);
        x.copyFrom(TensorData.of(floats(i)));
        runs.add(io.input("x", x.data()).output("y", y.data()).runAsync());
      }
      runs.forEach(EnqueuedRun::await);
      for (int i = 0; i < runs.size(); i++) {
        check(i, tensors.get(2 * i + 1));
      }
      // And be waited for as ever.
      io.run();
      check(4, tensors.get(9));
    } finally {
      tensors.forEach(DeviceTensor::close);
    }
  }

  @Test
  void closingWithoutWaitingLeavesNothing() {
    try (CudaStream stream = CudaStream.create(DEVICE);
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT)) {
      x.copyFrom(TensorData.of(floats(1)));
      Session session = Session.open(perceptron.program(), OnCuda.options());
      IoBinding io = session.bind().input("x", x.data()).output("y", y.data());
      EnqueuedRun own = io.runAsync();
      io.stream(stream.handle().address());
      for (int i = 0; i < 10; i++) {
        io.runAsync();
      }
      EnqueuedRun last = io.runAsync();
      session.close();
      own.await();
      assertTrue(last.isDone());
      check(1, y);
      assertThrows(IllegalStateException.class, io::runAsync);
    }
  }

  @Test
  void runsOfSeveralThreadsAndStreams() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(4);
    SessionOptions options = OnCuda.options().withMaxConcurrentRuns(2).withMaxPlans(2);
    try (Session session = Session.open(perceptron.program(), options)) {
      List<Future<?>> results = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        int seed = caller;
        results.add(callers.submit(() -> enqueueAndCheck(session, seed)));
      }
      for (Future<?> result : results) {
        result.get(120, TimeUnit.SECONDS);
      }
    } finally {
      callers.shutdownNow();
    }
  }

  private void enqueueAndCheck(Session session, int seed) {
    try (CudaStream stream = CudaStream.create(DEVICE);
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT)) {
      x.copyFrom(TensorData.of(floats(seed)));
      IoBinding io = session.bind().stream(stream.handle().address());
      io.input("x", x.data()).output("y", y.data());
      for (int i = 0; i < 5; i++) {
        io.runAsync();
        io.runAsync().await();
        check(seed, y);
      }
    }
  }

  @Test
  void outputsThatTheHostWouldHaveToFillAreRefused() {
    try (Session session = Session.open(perceptron.program(), OnCuda.options())) {
      IoBinding io =
          session.bind().input("x", TensorData.of(floats(1), BATCH, IN)).allocateOutputs();
      String message = assertThrows(IllegalArgumentException.class, io::runAsync).getMessage();
      assertTrue(message.contains("'y'") && message.contains("Java array"), message);
      io.run();
      assertArrayEquals(perceptron.expected(floats(1), BATCH), io.output("y").floats());
    }
  }

  @Test
  void runsInAStreamThatIsRecordedFail() {
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT)) {
      x.copyFrom(TensorData.of(floats(1)));
      IoBinding io = session.bind().input("x", x.data()).output("y", y.data());
      io.stream(stream.handle().address());
      assertThrows(
          IllegalStateException.class,
          () ->
              CudaGraph.record(
                  stream,
                  () -> {
                    assertThrows(IllegalStateException.class, io::runAsync);
                    throw new IllegalStateException("nothing to be launched");
                  }));
      io.runAsync().await();
      check(1, y);
    }
  }

  @Test
  void eventsEndWithTheirRuns() {
    try (CudaStream stream = CudaStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = tensor(IN);
        DeviceTensor y = tensor(OUT)) {
      IoBinding io = session.bind().input("x", x.data()).output("y", y.data());
      io.stream(stream.handle().address());
      for (int i = 0; i < 3; i++) {
        io.runAsync().await();
      }
      CudaLeaks now = new CudaLeaks();
      for (int i = 0; i < 100; i++) {
        io.runAsync();
      }
      io.runAsync().await();
      now.check();
      assertFalse(session.isClosed());
    }
  }
}
