// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.bytedeco.pytorch.global.torch.randn;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;
import dev.octet.benchmarks.onnx.OnnxModel;
import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Linear layers of floats in and out, as a service runs them: a session of one operation beside
 * libtorch's quantized layer (FBGEMM) and its float layer, and ONNX Runtime's quantized one. All
 * integer ways quantize the activations within the call, Octet row by row or on a given grid, the
 * others with one range for all rows.
 */
final class GemmSuite extends TensorSuite {
  static final String NAME = "gemm";

  private static final int[][] SHAPES = {
    {1024, 1024, 1024},
    {1024, 768, 768},
    {128, 1536, 384},
    {128, 384, 384},
    {16, 384, 384},
    {1, 4096, 4096}
  };
  private static final float SCALE = 0.03f;

  GemmSuite() {
    super(NAME);
    for (int[] shape : SHAPES) {
      compare(shape[0], shape[1], shape[2]);
    }
  }

  private void compare(int m, int n, int k) {
    Tensor x = own(randn(m, k));
    Tensor weight = own(randn(n, k));
    Tensor bias = own(randn(n));
    TensorOptional biasOptional = own(new TensorOptional(bias));
    LibtorchInt8 fbgemm = own(new LibtorchInt8(weight, bias));
    IValue boxed = own(new IValue(x));
    Runnable dynamic = octet(m, n, k, true);
    Runnable given = octet(m, n, k, false);
    String size = m + " x " + n + " x " + k;
    add(
        Comparison.latency(
            "linear " + size + ", rows quantized", dynamic, "FBGEMM", () -> fbgemm.run(boxed)));
    add(
        Comparison.latency(
            "linear " + size + ", rows quantized",
            dynamic,
            "ONNX Runtime DynamicQuantizeMatMul",
            onnxRuntime(m, n, k)));
    add(
        Comparison.latency(
            "linear " + size + ", given grid", given, "FBGEMM", () -> fbgemm.run(boxed)));
    add(
        Comparison.latency(
            "linear " + size + ", given grid",
            given,
            "libtorch f32",
            call(() -> torch.linear(x, weight, biasOptional))));
  }

  private Runnable octet(int m, int n, int k, boolean rows) {
    Random random = new Random(1);
    byte[] codes = new byte[n * k];
    random.nextBytes(codes);
    float[] scales = new float[n];
    Arrays.fill(scales, SCALE);
    ProgramBuilder b = Program.builder();
    Value x = b.input("x", ElementType.F32, Shape.of(m, k));
    Value w =
        b.constant(
            "w",
            ElementType.S8,
            Shape.of(n, k),
            Grid.perChannel(scales, null, Byte.MIN_VALUE, Byte.MAX_VALUE, 0),
            codes);
    Value bias = b.constant("b", Shape.of(n), new float[n]);
    var linear = b.linear(x, w).input("bias", bias);
    linear = rows ? linear.set("dynamic_bits", 8L) : linear.set("x_scale", (double) SCALE);
    Session session =
        own(Session.open(b.output(linear.as("y")).build(), SessionOptions.defaults()));
    ByteBuffer in = direct((long) m * k);
    for (int i = 0; i < m * k; i++) {
      in.putFloat(4 * i, (float) random.nextGaussian());
    }
    IoBinding binding =
        session
            .bind()
            .input("x", TensorData.of(in.asFloatBuffer(), m, k))
            .output("y", TensorData.of(direct((long) m * n).asFloatBuffer(), m, n));
    return binding::run;
  }

  /** The operator that ONNX Runtime makes of the nodes of a dynamically quantized layer. */
  private Runnable onnxRuntime(int m, int n, int k) {
    byte[] codes = new byte[k * n];
    new Random(1).nextBytes(codes);
    float[] scales = new float[n];
    Arrays.fill(scales, SCALE);
    OnnxModel model = new OnnxModel();
    List<String> inputs =
        List.of(
            model.input("x", DataType.FLOAT, m, k),
            model.signedBytes("w", codes, k, n),
            model.floats("w_scale", scales, n),
            model.signedBytes("w_zero", new byte[n], n),
            model.floats("b", new float[n], n));
    model.node(OnnxModel.MICROSOFT, "DynamicQuantizeMatMul", "y", inputs);
    byte[] file = model.output("y", DataType.FLOAT, m, n).bytes();
    OnnxSession session = own(new OnnxSession(file, NativeLibrary.threads()));
    ByteBuffer in = direct((long) m * k);
    Random random = new Random(2);
    for (int i = 0; i < m * k; i++) {
      in.putFloat(Float.BYTES * i, (float) random.nextGaussian());
    }
    session
        .input("x", OnnxJavaType.FLOAT, in, m, k)
        .output("y", OnnxJavaType.FLOAT, direct((long) m * n), m, n);
    return session::run;
  }

  @Override
  public Map<String, String> peers() {
    return withPeer("onnxruntime", OnnxSession.version());
  }

  private static ByteBuffer direct(long elements) {
    return ByteBuffer.allocateDirect(Math.toIntExact(elements * Float.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
