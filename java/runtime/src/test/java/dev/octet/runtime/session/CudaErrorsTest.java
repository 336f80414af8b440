// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@NeedsCuda
class CudaErrorsTest {
  private static final Device DEVICE = Device.cuda(0);
  private static final int IN = TestPrograms.IN;

  private final CudaLeaks leaks = new CudaLeaks();
  private final Perceptron perceptron = Perceptron.make(1);

  @AfterEach
  void nothingIsLeaked() {
    leaks.check();
  }

  private static void assertWords(
      Class<? extends Exception> type, Executable code, String... words) {
    String message = assertThrows(type, code).getMessage();
    for (String word : words) {
      assertTrue(message.contains(word), "'" + word + "' is missing in: " + message);
    }
  }

  @Test
  void devicesThatTheMachineDoesNotHaveAreNamed() {
    Program program = perceptron.program();
    SessionOptions far = SessionOptions.defaults().withDevice(Device.cuda(99));
    assertWords(
        IllegalArgumentException.class, () -> Session.open(program, far), "cuda:99", "cuda:0");
    assertWords(
        IllegalArgumentException.class,
        () -> DeviceTensor.allocate(Device.cuda(99), ElementType.F32, 1),
        "cuda:99");
    assertWords(
        IllegalArgumentException.class,
        () -> DeviceTensor.allocate(Device.cpu(), ElementType.F32, 1),
        "cpu",
        "expected a CUDA device");
  }

  @Test
  void memoryOfAnotherDeviceIsRefused() {
    try (Session session = Session.open(perceptron.program(), OnCuda.options());
        Session onCpu = Session.open(perceptron.program());
        StructMemory structs = new StructMemory();
        DeviceTensor there = DeviceTensor.allocate(DEVICE, ElementType.F32, 1, IN)) {
      DLTensor elsewhere =
          structs.tensor(Device.cuda(1), 4096, ElementType.F32, new long[] {1, IN}, null).tensor();
      assertWords(
          IllegalArgumentException.class,
          () -> session.bind().input("x", TensorData.ofDlpack(elsewhere.address())),
          "'x'",
          "cuda:1",
          "or cuda:0");
      assertWords(
          IllegalArgumentException.class,
          () -> onCpu.bind().input("x", there.data()),
          "'x'",
          "cuda:0",
          "expected the CPU");
    }
  }

  @Test
  void copiesOfTensorsAreChecked() {
    try (DeviceTensor tensor = DeviceTensor.allocate(DEVICE, ElementType.F32, 2, 3)) {
      assertWords(
          IllegalArgumentException.class,
          () -> tensor.copyFrom(TensorData.of(new float[5])),
          "source",
          "20 bytes",
          "24");
      assertWords(
          IllegalArgumentException.class,
          () -> tensor.copyTo(TensorData.of(new int[6])),
          "target",
          "int",
          "f32");
      assertWords(IllegalArgumentException.class, () -> tensor.copyTo(tensor.data()), "cuda:0");
      tensor.close();
      assertWords(IllegalStateException.class, tensor::data, "closed");
      assertWords(
          IllegalStateException.class, () -> tensor.copyTo(TensorData.of(new float[6])), "closed");
    }
  }

  /** Fifty concatenations of a vector with itself: more than any device has. */
  @Test
  void memoryThatTheDeviceDoesNotHave() {
    ProgramBuilder b = Program.builder();
    Value wide = b.input("x", ElementType.F32, Shape.of("n"));
    for (int i = 0; i < 40; i++) {
      wide = b.concat(0, List.of(wide, wide)).as("twice" + i);
    }
    Value few = b.operation("slice").input("x", wide).set("axis", 0).set("end", 1).as("few");
    Program program = b.output(few).build();
    SessionOptions options = OnCuda.options().withMaxPlanBytes(Long.MAX_VALUE);
    Map<String, TensorData> one = Map.of("x", TensorData.of(new float[] {1}, 1));
    try (Session session = Session.open(program, options)) {
      CudaLeaks before = new CudaLeaks();
      for (int i = 0; i < 2; i++) {
        assertWords(
            NativeMemoryException.class,
            () -> session.run(one),
            "cuda:0",
            "the values of a run",
            "cudaMalloc");
        before.check();
      }
    }
  }

  @Test
  void theLimitOfMemoryHolds() {
    SessionOptions options = OnCuda.options().withMaxPlanBytes(1000);
    float[] values = TestPrograms.floats(new Random(1), 100 * IN, 5);
    try (Session session = Session.open(perceptron.program(), options)) {
      assertWords(
          NativeMemoryException.class,
          () -> session.run(Map.of("x", TensorData.of(values, 100, IN))),
          "maxPlanBytes is 1000");
    }
  }

  /** What can't be recorded is run all the same, and the reason kept. */
  @Test
  void callsThatWaitForTheDeviceRunWithoutAGraph() {
    PlanGraphs graphs = new PlanGraphs(null);
    int[] runs = new int[1];
    try (CudaLane lane = new CudaLane(DEVICE, graphs)) {
      Lane.Calls waits =
          new Lane.Calls() {
            @Override
            public int run() {
              runs[0]++;
              return octet.octet_cuda_synchronize(DEVICE.index(), lane.stream());
            }

            @Override
            public String failed() {
              return "operation 'a' (b)";
            }
          };
      for (int run = 0; run < 4; run++) {
        assertEquals(octet.OCTET_OK, lane.launch(waits, new long[0]));
      }
      // The second run tried to record, and then ran.
      assertEquals(5, runs[0]);
      assertTrue(graphs.obstacle().startsWith("operation 'a' (b): "), graphs.obstacle());
      assertTrue(graphs.obstacle().contains("cudaStreamSynchronize"), graphs.obstacle());
      assertEquals(0, graphs.nodes());
      assertEquals(octet.OCTET_OK, lane.finish());
    }
  }

  @Test
  void whatHasNoKernelsIsNamedWithAWayOut() {
    UnsupportedOperationException cause = new UnsupportedOperationException("f: no CUDA kernel");
    String message = PlanInstance.unsupported("operation 'a' (b)", DEVICE, cause).getMessage();
    assertEquals(
        "operation 'a' (b): f: no CUDA kernel. Run the program on the CPU:"
            + " SessionOptions.withDevice(Device.cpu()), --device cpu",
        message);
  }

  @Test
  void aStreamIsUsableAfterAFailedCopy() {
    try (CudaStream stream = CudaStream.create(DEVICE)) {
      assertWords(IllegalArgumentException.class, () -> stream.copy(0, 0, 4), "to is null");
      stream.synchronize();
    }
  }

  /** The error stays for the rest of a process, so this one happens in a process of its own. */
  @Test
  void anErrorThatStaysIsNamedAsSuch() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                StickyError.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.contains("operation") || output.contains("cuda:0"), output);
  }

  /** Gives a session memory that is none, and then uses it on. */
  static final class StickyError {
    private StickyError() {}

    public static void main(String[] args) {
      Perceptron perceptron = Perceptron.make(1);
      float[] values = TestPrograms.floats(new Random(1), IN, 5);
      try (Session session = Session.open(perceptron.program(), OnCuda.options());
          StructMemory structs = new StructMemory()) {
        assertArrayEquals(
            perceptron.expected(values, 1),
            session.run(Map.of("x", TensorData.of(values, 1, IN))).get("y").floats());
        DLTensor nowhere =
            structs.tensor(DEVICE, 1L << 40, ElementType.F32, new long[] {1, IN}, null).tensor();
        for (int i = 0; i < 2; i++) {
          assertWords(
              IllegalStateException.class,
              () -> session.run(Map.of("x", TensorData.ofDlpack(nowhere.address()))),
              "cuda:0",
              "sticky",
              "started again");
        }
      }
      System.out.println("closed cuda:0");
    }
  }
}
