// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.OnCuda;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Compares what a session gives with what the simulated model gives, and, where there is a CUDA
 * device, a session there with the one on the CPU.
 */
public final class LoweredComparison {
  private LoweredComparison() {}

  /**
   * How far outputs lie apart.
   *
   * @param greatest the greatest difference
   * @param differing how many elements differ by more than a rounding error of floats
   * @param count how many there are
   * @param magnitude the greatest output of the simulated model
   */
  public record Difference(double greatest, int differing, int count, double magnitude) {
    private Difference with(Difference other) {
      return new Difference(
          Math.max(greatest, other.greatest),
          differing + other.differing,
          count + other.count,
          Math.max(magnitude, other.magnitude));
    }
  }

  /** Runs both on the same inputs, by name in the order of forward; all outputs count. */
  public static Difference compare(
      GraphModule simulated, Program program, Map<String, Tensor> inputs) {
    Map<String, TensorData> data = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> data.put(name, data(tensor)));
    try (NoGradGuard noGrad = new NoGradGuard();
        Session session = Session.open(program)) {
      Object results = simulated.forwardAny(inputs.values().toArray());
      List<?> expected = results instanceof List<?> several ? several : List.of(results);
      Map<String, TensorData> outputs = session.run(data);
      OnCuda.assertSame(program, data, outputs);
      assertEquals(expected.size(), outputs.size());
      Difference difference = new Difference(0, 0, 0, 0);
      Iterator<?> next = expected.iterator();
      for (TensorData output : outputs.values()) {
        Tensor tensor = (Tensor) next.next();
        assertArrayEquals(Tensors.shape(tensor), output.shape());
        difference = difference.with(difference(Tensors.toFloats(tensor), output.floats()));
      }
      return difference;
    }
  }

  private static Difference difference(float[] expected, float[] actual) {
    double magnitude = 0;
    for (float value : expected) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    double greatest = 0;
    int differing = 0;
    for (int i = 0; i < expected.length; i++) {
      assertTrue(Float.isFinite(actual[i]), "element " + i + " is " + actual[i]);
      double difference = Math.abs((double) expected[i] - actual[i]);
      greatest = Math.max(greatest, difference);
      differing += difference > 1e-5 * magnitude ? 1 : 0;
    }
    return new Difference(greatest, differing, expected.length, magnitude);
  }

  private static TensorData data(Tensor tensor) {
    long[] shape = Tensors.shape(tensor);
    if (tensor.scalar_type().intern() == ScalarType.Long) {
      long[] values = new long[(int) tensor.numel()];
      if (values.length > 0) {
        new LongPointer(tensor.contiguous().data_ptr()).get(values);
      }
      return TensorData.of(values, shape);
    }
    return TensorData.of(Tensors.toFloats(tensor), shape);
  }
}
