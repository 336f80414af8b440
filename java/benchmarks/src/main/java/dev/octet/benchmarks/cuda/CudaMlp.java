// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import dev.octet.runtime.cuda.presets.PresetStream;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.DeviceTensor;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Arrays;
import java.util.Random;

/**
 * The two layers of a transformer's block, floats in and out, each row quantized within the layers:
 * a session whose runs are enqueued in a stream of the presets.
 */
public final class CudaMlp implements AutoCloseable {
  private static final float SCALE = 0.01f;

  private final Session session;
  private final DeviceTensor x;
  private final DeviceTensor y;
  private final IoBinding io;

  /**
   * Opens a session on the stream's device.
   *
   * @param graphs whether it launches what it has recorded as a CUDA graph
   */
  public CudaMlp(PresetStream stream, int rows, int width, int hidden, boolean graphs) {
    SessionOptions options =
        SessionOptions.defaults().withDevice(stream.device()).withCudaGraphs(graphs);
    session = Session.open(program(width, hidden), options);
    x = DeviceTensor.allocate(stream.device(), ElementType.F32, rows, width);
    y = DeviceTensor.allocate(stream.device(), ElementType.F32, rows, width);
    Random random = new Random(1);
    float[] values = new float[rows * width];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    x.copyFrom(TensorData.of(values, rows, width));
    io = stream.attach(session.bind()).input("x", x.data()).output("y", y.data());
  }

  private static Program program(int width, int hidden) {
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of("rows", width));
    Value h =
        b.linear(x, weights(b, "up", hidden, width))
            .set("dynamic_bits", 8L)
            .set("activation", "gelu_tanh")
            .as("h");
    Value y = b.linear(h, weights(b, "down", width, hidden)).set("dynamic_bits", 8L).as("y");
    return b.output(y).build();
  }

  private static Value weights(ProgramBuilder b, String name, int n, int k) {
    byte[] codes = new byte[n * k];
    new Random(n).nextBytes(codes);
    float[] scales = new float[n];
    Arrays.fill(scales, SCALE);
    Grid grid = Grid.perChannel(scales, null, Byte.MIN_VALUE, Byte.MAX_VALUE, 0);
    return b.constant(name, ElementType.S8, Shape.of(n, k), grid, codes);
  }

  /** Enqueues a run in the stream. */
  public void run() {
    io.runAsync();
  }

  /** Closes the session, after its runs are done. */
  @Override
  public void close() {
    session.close();
    y.close();
    x.close();
  }
}
