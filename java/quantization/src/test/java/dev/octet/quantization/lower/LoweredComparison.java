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
import java.util.ArrayList;
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
    return compareAll(simulated, program, inputs).stream().reduce(Difference::with).orElseThrow();
  }

  /** Runs both on the same inputs, by name in the order of forward, and compares all outputs. */
  public static List<Difference> compareAll(
      GraphModule simulated, Program program, Map<String, Tensor> inputs) {
    Map<String, TensorData> data = new LinkedHashMap<>();
    inputs.forEach((name, tensor) -> data.put(name, data(tensor)));
    try (NoGradGuard noGrad = new NoGradGuard();
        Session session = Session.open(program)) {
      List<Tensor> expected = new ArrayList<>();
      flatten(simulated.forwardAny(inputs.values().toArray()), expected);
      Map<String, TensorData> outputs = session.run(data);
      OnCuda.assertSame(program, data, outputs);
      assertEquals(expected.size(), outputs.size());
      List<Difference> differences = new ArrayList<>();
      for (TensorData output : outputs.values()) {
        Tensor tensor = expected.get(differences.size());
        assertArrayEquals(Tensors.shape(tensor), output.shape());
        differences.add(difference(Tensors.toFloats(tensor), floats(output)));
      }
      return differences;
    }
  }

  private static float[] floats(TensorData output) {
    if (output.array() instanceof long[] numbers) {
      float[] floats = new float[numbers.length];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = numbers[i];
      }
      return floats;
    }
    return output.floats();
  }

  private static void flatten(Object output, List<Tensor> tensors) {
    if (output instanceof List<?> items) {
      items.forEach(item -> flatten(item, tensors));
    } else {
      tensors.add((Tensor) output);
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
