// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.DLTensor;
import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.session.DeviceTensor;
import dev.octet.runtime.session.EnqueuedRun;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import java.util.Random;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@NeedsCudaPresets
class PresetStreamTest {
  private static final Device DEVICE = Device.cuda(0);
  private static final int BATCH = 3;
  private static final int IN = BATCH * TestPrograms.IN;
  private static final int OUT = BATCH * TestPrograms.OUT;

  private final Perceptron perceptron = Perceptron.make(1);

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(0, PresetStream.live());
    assertEquals(0, PresetEvent.live());
  }

  private static float[] values(int seed) {
    return TestPrograms.floats(new Random(seed), IN, 5);
  }

  private static void enqueueCopy(DeviceTensor to, FloatPointer from, CUstream_st stream) {
    assertEquals(
        cudart.cudaSuccess,
        cudart.cudaMemcpyAsync(
            new DLTensor(new Address(to.dlpack())).data(),
            from,
            4L * IN,
            cudart.cudaMemcpyHostToDevice,
            stream));
  }

  private static float[] read(DeviceTensor tensor) {
    float[] values = new float[OUT];
    tensor.copyTo(TensorData.of(values));
    return values;
  }

  /** Copies and runs in a stream follow each other, the second and further runs as graphs. */
  private void runsFollowCopies(PresetStream stream) {
    try (Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = DeviceTensor.allocate(DEVICE, ElementType.F32, BATCH, TestPrograms.IN);
        DeviceTensor y = DeviceTensor.allocate(DEVICE, ElementType.F32, BATCH, TestPrograms.OUT)) {
      IoBinding io = session.bind().input("x", x.data()).output("y", y.data());
      assertSame(io, stream.attach(io));
      for (int i = 0; i < 4; i++) {
        try (FloatPointer input = new FloatPointer(values(i))) {
          enqueueCopy(x, input, stream.get());
          EnqueuedRun run = io.runAsync();
          stream.synchronize();
          assertTrue(stream.isDone());
          assertTrue(run.isDone());
          assertArrayEquals(perceptron.expected(values(i), BATCH), read(y));
        }
      }
      assertTrue(session.graphs().get(0).nodes() > 0);
    }
  }

  @Test
  void sessionsRunInAStreamThatIsMade() {
    try (PresetStream stream = PresetStream.create(DEVICE)) {
      assertEquals(1, PresetStream.live());
      assertEquals(DEVICE, stream.device());
      runsFollowCopies(stream);
    }
  }

  @Test
  void sessionsRunInAStreamOfTheCaller() {
    CUstream_st own = new CUstream_st();
    assertEquals(cudart.cudaSuccess, cudart.cudaStreamCreate(own));
    try (PresetStream stream = PresetStream.of(DEVICE, own)) {
      assertSame(own, stream.get());
      runsFollowCopies(stream);
    }
    // It is still there.
    assertEquals(cudart.cudaSuccess, cudart.cudaStreamSynchronize(own));
    assertEquals(cudart.cudaSuccess, cudart.cudaStreamDestroy(own));
  }

  @Test
  void sessionsRunInTheDefaultStream() {
    for (CUstream_st none : new CUstream_st[] {null, new CUstream_st()}) {
      try (PresetStream stream = PresetStream.of(DEVICE, none)) {
        runsFollowCopies(stream);
      }
    }
  }

  /** A session's stream is one that the presets can use, and their stream one of the kernels'. */
  @Test
  void bothRuntimesKnowTheOthersStreams() {
    try (CudaStream ours = CudaStream.create(DEVICE);
        PresetStream theirs = PresetStream.of(DEVICE, new CUstream_st(ours.handle()));
        PresetEvent event = PresetEvent.create(DEVICE)) {
      event.record(theirs);
      event.synchronize();
      assertTrue(event.isReached());
      ours.synchronize();
    }
  }

  @Test
  void streamsWaitForEventsOfOthers() {
    float[] input = values(5);
    try (PresetStream copies = PresetStream.create(DEVICE);
        PresetStream runs = PresetStream.create(DEVICE);
        PresetEvent copied = PresetEvent.createUntimed(DEVICE);
        FloatPointer from = new FloatPointer(input);
        Session session = Session.open(perceptron.program(), OnCuda.options());
        DeviceTensor x = DeviceTensor.allocate(DEVICE, ElementType.F32, BATCH, TestPrograms.IN)) {
      runs.waitFor(copied);
      enqueueCopy(x, from, copies.get());
      copied.record(copies);
      runs.waitFor(copied);
      IoBinding io = runs.attach(session.bind()).input("x", x.data()).allocateOutputs();
      io.run();
      assertArrayEquals(perceptron.expected(input, BATCH), io.output("y").floats());
    }
  }

  /** Only a run that works in the stream is hindered by what the stream is used for. */
  @Test
  void aRunWorksInTheStreamAndInNoOther() {
    try (PresetStream stream = PresetStream.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options())) {
      TensorData x = TensorData.of(values(6), BATCH, TestPrograms.IN);
      IoBinding given = stream.attach(session.bind()).input("x", x).allocateOutputs();
      IoBinding own = session.bind().input("x", x).allocateOutputs();
      given.run();
      own.run();
      assertEquals(
          cudart.cudaSuccess,
          cudart.cudaStreamBeginCapture(stream.get(), cudart.cudaStreamCaptureModeThreadLocal));
      CUgraph_st graph = new CUgraph_st();
      try {
        assertThrows(IllegalStateException.class, given::run);
      } finally {
        cudart.cudaStreamEndCapture(stream.get(), graph);
        cudart.cudaGetLastError();
        if (!graph.isNull()) {
          cudart.cudaGraphDestroy(graph);
        }
      }
      own.run();
      given.run();
      assertArrayEquals(perceptron.expected(values(6), BATCH), given.output("y").floats());
    }
  }

  @Test
  void mistakesAreNamed() {
    try (PresetStream stream = PresetStream.create(DEVICE);
        Session onCpu = Session.open(perceptron.program())) {
      assertWords(
          IllegalArgumentException.class,
          () -> stream.attach(onCpu.bind()),
          "binding is of a session on cpu; expected one on cuda:0");
      assertWords(
          IllegalArgumentException.class,
          () -> PresetStream.create(Device.cpu()),
          "device is cpu; expected a CUDA device");
      assertWords(
          IllegalArgumentException.class,
          () -> PresetStream.create(Device.cuda(4321)),
          "device is cuda:4321; expected cuda:0");
      assertWords(
          IllegalArgumentException.class,
          () -> PresetStream.of(Device.cuda(4321), stream.get()),
          "device is cuda:4321; expected cuda:0");
    }
  }

  @Test
  void aClosedStreamIsNotUsed() {
    try (PresetEvent event = PresetEvent.create(DEVICE);
        Session session = Session.open(perceptron.program(), OnCuda.options())) {
      PresetStream stream = PresetStream.create(DEVICE);
      stream.close();
      stream.close();
      String words = "the stream of cuda:0 is closed";
      assertWords(IllegalStateException.class, stream::get, words);
      assertWords(IllegalStateException.class, stream::synchronize, words);
      assertWords(IllegalStateException.class, stream::isDone, words);
      assertWords(IllegalStateException.class, () -> stream.waitFor(event), words);
      assertWords(IllegalStateException.class, () -> event.record(stream), words);
      assertWords(IllegalStateException.class, () -> stream.attach(session.bind()), words);
    }
  }

  /** What fails in the runtime has the function's name, and does not stay as the last error. */
  @Test
  void errorsOfTheRuntimeAreNamed() {
    try (PresetStream stream = PresetStream.create(DEVICE)) {
      assertEquals(
          cudart.cudaSuccess,
          cudart.cudaStreamBeginCapture(stream.get(), cudart.cudaStreamCaptureModeThreadLocal));
      CudaRuntimeException failure = assertThrows(CudaRuntimeException.class, stream::synchronize);
      CUgraph_st graph = new CUgraph_st();
      cudart.cudaStreamEndCapture(stream.get(), graph);
      assertTrue(
          failure
              .getMessage()
              .startsWith("cudaStreamSynchronize failed: cudaErrorStreamCaptureUnsupported ("),
          failure.getMessage());
      assertEquals(cudart.cudaErrorStreamCaptureUnsupported, failure.code());
      assertFalse(cudart.cudaGetErrorString(failure.code()).getString().isBlank());
      cudart.cudaGetLastError();
      if (!graph.isNull()) {
        cudart.cudaGraphDestroy(graph);
      }
      stream.synchronize();
    }
  }

  static void assertWords(Class<? extends Throwable> type, Executable call, String words) {
    String message = assertThrows(type, call).getMessage();
    assertNotNull(message);
    assertTrue(message.contains(words), message);
  }
}
