// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.jmh;

import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a run of a session costs before any work is done: a chain of operations on 4 elements. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class SessionOverheadBenchmark {
  private static final int ELEMENTS = 4;

  /** Operations in the program; the difference between rows is what each of them costs. */
  @Param({"1", "11"})
  public int operations;

  private Session session;
  private IoBinding direct;
  private IoBinding arrays;
  private Map<String, TensorData> inputs;

  @Setup
  public void setUp() {
    ProgramBuilder b = Program.builder();
    Value value = b.input("x", ElementType.F32, Shape.of(ELEMENTS));
    for (int i = 0; i < operations; i++) {
      value = b.unary(UnaryFunction.RELU, value).as("y" + i);
    }
    session = Session.open(b.output("y", value).build());
    inputs = Map.of("x", TensorData.of(new float[ELEMENTS], ELEMENTS));
    direct = session.bind().input("x", direct()).output("y", direct());
    arrays = session.bind().input("x", inputs.get("x")).allocateOutputs();
  }

  private static TensorData direct() {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(ELEMENTS * Float.BYTES).order(ByteOrder.nativeOrder());
    return TensorData.of(memory.asFloatBuffer(), ELEMENTS);
  }

  @TearDown
  public void tearDown() {
    session.close();
  }

  /** Bound direct buffers: nothing is copied. */
  @Benchmark
  public void boundBuffers() {
    direct.run();
  }

  /** Bound Java arrays, which are copied in and out. */
  @Benchmark
  public void boundArrays() {
    arrays.run();
  }

  /** Arrays by name, new ones for the outputs. */
  @Benchmark
  public Map<String, TensorData> mapOfArrays() {
    return session.run(inputs);
  }
}
