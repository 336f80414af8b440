// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.Reference;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
class KindsTest {
  private static final Grid SIGNED = Grid.perTensor(0.02f, -3, -128, 127);
  private static final Grid UNSIGNED = Grid.perTensor(0.03f, 120, 0, 255);

  private final Random random = new Random(11);

  private float[] values(int count) {
    return TestPrograms.floats(random, count, 4);
  }

  private byte[] unsigned(int count) {
    return TestPrograms.codes(random, count, 0, 255);
  }

  @Test
  void quantize() {
    float[] x = values(60);
    x[7] = Float.NaN;
    x[8] = Float.POSITIVE_INFINITY;
    OneOperation operation = new OneOperation("quantize").floats("x", x, 3, 20);
    byte[] codes = operation.out(ElementType.U8, UNSIGNED).run().get("out").bytes();
    assertArrayEquals(Reference.quantize(x, UNSIGNED), codes);
  }

  @Test
  void dequantize() {
    byte[] codes = unsigned(60);
    float[] out =
        new OneOperation("dequantize")
            .codes("x", ElementType.U8, UNSIGNED, codes, 60)
            .run()
            .get("out")
            .floats();
    for (int i = 0; i < out.length; i++) {
      assertEquals(Reference.dequantize(codes[i] & 0xff, UNSIGNED, 0), out[i]);
    }
  }

  @Test
  void requantize() {
    byte[] codes = unsigned(300);
    byte[] out =
        new OneOperation("requantize")
            .codes("x", ElementType.U8, UNSIGNED, codes, 300)
            .out(ElementType.S8, SIGNED)
            .run()
            .get("out")
            .bytes();
    for (int i = 0; i < out.length; i++) {
      float value = Reference.dequantize(codes[i] & 0xff, UNSIGNED, 0);
      assertEquals((byte) Reference.quantize(value, SIGNED, 0), out[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 4})
  void embedding(int bits) {
    int rows = 9;
    int width = 7;
    int limit = 1 << bits - 1;
    byte[] table = TestPrograms.codes(random, rows * width, -limit, limit - 1);
    Grid grid =
        Grid.perChannel(TestPrograms.perRow(random, rows).scales(), null, -limit, limit - 1, 0);
    int[] indices = {8, 0, 3, 3, 1, 5};
    float[] out =
        new OneOperation("embedding")
            .input("indices", ElementType.S32, null, TensorData.of(indices, 2, 3))
            .constant("table", ElementType.S8, grid, table, rows, width)
            .set("table_bits", bits)
            .run()
            .get("out")
            .floats();
    for (int i = 0; i < out.length; i++) {
      int row = indices[i / width];
      assertEquals(Reference.dequantize(table[row * width + i % width], grid, row), out[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"layer_norm", "rms_norm"})
  void norms(String kind) {
    int rows = 4;
    int width = 33;
    float[] x = values(rows * width);
    float[] residual = values(rows * width);
    float[] weight = values(width);
    float[] bias = values(width);
    Map<String, TensorData> results =
        new OneOperation(kind)
            .floats("x", x, 2, 2, width)
            .floats("residual", residual, 2, 2, width)
            .constant("weight", weight, width)
            .constant("bias", bias, width)
            .set("eps", 1e-6)
            .further("sum", ElementType.F32, null)
            .run("sum");
    float[] out = results.get("out").floats();
    float[] sum = results.get("sum").floats();
    for (int row = 0; row < rows; row++) {
      double mean = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        assertEquals(x[i] + residual[i], sum[i]);
        mean += kind.startsWith("layer") ? sum[i] / (double) width : 0;
      }
      double variance = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        variance += (sum[i] - mean) * (sum[i] - mean) / width;
      }
      for (int i = 0; i < width; i++) {
        double normal = (sum[row * width + i] - mean) / Math.sqrt(variance + 1e-6);
        assertEquals(normal * weight[i] + bias[i], out[row * width + i], 2e-5);
      }
    }
  }

  @Test
  void softmax() {
    int rows = 4;
    int width = 9;
    float[] x = values(rows * width);
    float[] bias = values(width);
    byte[] mask = new byte[rows * width];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (i % 4 == 3 ? 0 : 1);
    }
    float[] out =
        new OneOperation("softmax")
            .floats("x", x, 2, 2, width)
            .floats("bias", bias, width)
            .input("mask", ElementType.BOOL, null, TensorData.of(mask, 2, 2, width))
            .input("lengths", ElementType.I64, null, TensorData.of(new long[] {6, 0}, 2))
            .set("scale", 0.5)
            .run()
            .get("out")
            .floats();
    for (int row = 0; row < rows; row++) {
      double total = 0;
      double[] terms = new double[width];
      for (int i = 0; i < width; i++) {
        boolean part = mask[row * width + i] != 0 && i < (row < 2 ? 6 : 0);
        terms[i] = part ? Math.exp(x[row * width + i] * 0.5 + bias[i]) : 0;
        total += terms[i];
      }
      for (int i = 0; i < width; i++) {
        assertEquals(total == 0 ? 0 : terms[i] / total, out[row * width + i], 1e-6);
      }
    }
  }

  @Test
  void unary() {
    float[] x = values(50);
    float[] out =
        new OneOperation("unary")
            .floats("x", x, 50)
            .set("function", "clamp")
            .set("first", -1.5)
            .set("second", 2)
            .run()
            .get("out")
            .floats();
    byte[] codes = unsigned(300);
    byte[] coded =
        new OneOperation("unary")
            .codes("x", ElementType.U8, UNSIGNED, codes, 300)
            .set("function", "relu")
            .out(ElementType.S8, SIGNED)
            .run()
            .get("out")
            .bytes();
    for (int i = 0; i < out.length; i++) {
      assertEquals(Math.max(-1.5f, Math.min(2, x[i])), out[i]);
    }
    for (int i = 0; i < coded.length; i++) {
      float value = Math.max(0, Reference.dequantize(codes[i] & 0xff, UNSIGNED, 0));
      assertEquals((byte) Reference.quantize(value, SIGNED, 0), coded[i]);
    }
  }

  @Test
  void everyUnaryFunctionIsKnownToTheLibrary() {
    for (UnaryFunction function : UnaryFunction.values()) {
      float[] out =
          new OneOperation("unary")
              .floats("x", new float[] {0.5f}, 1)
              .set("function", function.name().toLowerCase(java.util.Locale.ROOT))
              .set("first", 1)
              .set("second", 1)
              .run()
              .get("out")
              .floats();
      assertEquals(1, out.length);
    }
  }

  @Test
  void binary() {
    float[] a = values(12);
    byte[] b = unsigned(4);
    float[] out =
        new OneOperation("binary")
            .floats("a", a, 3, 4)
            .codes("b", ElementType.U8, UNSIGNED, b, 1, 4)
            .set("function", "mul")
            .set("activation", "relu")
            .run()
            .get("out")
            .floats();
    for (int i = 0; i < out.length; i++) {
      assertEquals(Math.max(0, a[i] * Reference.dequantize(b[i % 4] & 0xff, UNSIGNED, 0)), out[i]);
    }
  }

  @Test
  void activationsAreTheUnaryFunctionsOfTheirNames() {
    float[] x = {-4, -3, -2.5f, -1, -0.25f, 0, 0.5f, 1, 2.75f, 3, 6.5f};
    for (Activation activation : Activation.values()) {
      String name = activation.name().toLowerCase(java.util.Locale.ROOT);
      float[] expected =
          new OneOperation("unary")
              .floats("x", x, x.length)
              .set("function", activation == Activation.NONE ? "identity" : name)
              .run()
              .get("out")
              .floats();
      float[] out =
          new OneOperation("binary")
              .floats("a", x, x.length)
              .floats("b", new float[] {0}, 1)
              .set("function", "add")
              .set("activation", name)
              .run()
              .get("out")
              .floats();
      assertArrayEquals(expected, out, name);
    }
  }

  @Test
  void compareAndWhere() {
    long[] a = {1, 5, 3, 4};
    byte[] out =
        new OneOperation("compare")
            .input("a", ElementType.I64, null, TensorData.of(a, 2, 2))
            .input("b", ElementType.I64, null, TensorData.of(new long[] {3}, 1))
            .set("comparison", "greater_equal")
            .run()
            .get("out")
            .bytes();
    assertArrayEquals(new byte[] {0, 1, 1, 1}, out);
    long[] chosen =
        new OneOperation("where")
            .input("mask", ElementType.BOOL, null, TensorData.of(out, 2, 2))
            .input("a", ElementType.I64, null, TensorData.of(a, 2, 2))
            .input("b", ElementType.I64, null, TensorData.of(new long[] {-1, -2}, 2))
            .run()
            .get("out")
            .longs();
    assertArrayEquals(new long[] {-1, 5, 3, 4}, chosen);
  }

  @Test
  void lookUp() {
    byte[] table = unsigned(256);
    byte[] x = TestPrograms.codes(random, 100, -128, 127);
    byte[] out =
        new OneOperation("look_up")
            .codes("x", ElementType.S8, null, x, 10, 10)
            .constant("table", ElementType.U8, null, table, 256)
            .out(ElementType.U8, UNSIGNED)
            .run()
            .get("out")
            .bytes();
    for (int i = 0; i < out.length; i++) {
      assertEquals(table[x[i] & 0xff], out[i]);
    }
  }

  @Test
  void cast() {
    float[] x = {1.7f, -2.2f, Float.NaN, 1e20f, 0};
    int[] out =
        new OneOperation("cast")
            .floats("x", x, 5)
            .out(ElementType.S32, null)
            .run()
            .get("out")
            .ints();
    assertArrayEquals(new int[] {1, -2, 0, Integer.MAX_VALUE, 0}, out);
  }

  @Test
  void transpose() {
    float[] x = values(24);
    TensorData out =
        new OneOperation("transpose")
            .floats("x", x, 2, 3, 4)
            .set("order", new long[] {2, 0, 1})
            .run()
            .get("out");
    assertArrayEquals(new long[] {4, 2, 3}, out.shape());
    for (int i = 0; i < 24; i++) {
      assertEquals(x[i], out.floats()[i % 4 * 6 + i / 12 * 3 + i / 4 % 3]);
    }
  }

  @Test
  void slice() {
    long[] x = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    TensorData out =
        new OneOperation("slice")
            .input("x", ElementType.I64, null, TensorData.of(x, 2, 6))
            .set("axis", -1)
            .set("start", -5)
            .set("end", 100)
            .set("step", 2)
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 3}, out.shape());
    assertArrayEquals(new long[] {1, 3, 5, 7, 9, 11}, out.longs());
    TensorData none =
        new OneOperation("slice")
            .input("x", ElementType.I64, null, TensorData.of(x, 2, 6))
            .set("axis", 0)
            .set("start", 2)
            .run()
            .get("out");
    assertArrayEquals(new long[] {0, 6}, none.shape());
  }

  @Test
  void sliceAsLongAsAnotherDimension() {
    float[] table = {1, 2, 3, 4, 5, 6, 7, 8};
    TensorData out =
        new OneOperation("slice")
            .floats("x", table, 4, 2)
            .floats("like", new float[9], 3, 1, 3)
            .set("axis", 0)
            .set("like_axis", -1)
            .run()
            .get("out");
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, out.floats());
    OneOperation tooLong =
        new OneOperation("slice")
            .floats("x", table, 4, 2)
            .floats("like", new float[5], 5)
            .set("axis", 0);
    String message = assertThrows(IllegalArgumentException.class, tooLong::run).getMessage();
    assertTrue(message.contains("takes 5 indices") && message.contains("dimension of 4"), message);
  }

  @Test
  void expand() {
    float[] x = {1, 2};
    TensorData out =
        new OneOperation("expand")
            .floats("x", x, 2, 1)
            .set("sizes", new long[] {2, -1, 3})
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 2, 3}, out.shape());
    assertArrayEquals(new float[] {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}, out.floats());
  }

  @Test
  void concat() {
    byte[] codes = unsigned(4);
    float[] real = values(6);
    byte[] out =
        new OneOperation("concat")
            .codes("x0", ElementType.U8, UNSIGNED, codes, 2, 2)
            .floats("x1", real, 2, 3)
            .set("axis", 1)
            .out(ElementType.U8, UNSIGNED)
            .run()
            .get("out")
            .bytes();
    byte[] quantized = Reference.quantize(real, UNSIGNED);
    assertArrayEquals(
        new byte[] {
          codes[0], codes[1], quantized[0], quantized[1], quantized[2],
          codes[2], codes[3], quantized[3], quantized[4], quantized[5]
        },
        out);
  }

  @Test
  void gather() {
    float[] x = values(12);
    TensorData out =
        new OneOperation("gather")
            .floats("x", x, 3, 2, 2)
            .input("indices", ElementType.I64, null, TensorData.of(new long[] {2, 0}, 2))
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 2, 2}, out.shape());
    assertArrayEquals(new float[] {x[8], x[9], x[10], x[11], x[0], x[1], x[2], x[3]}, out.floats());
  }

  @Test
  void reshape() {
    float[] x = values(24);
    TensorData out =
        new OneOperation("reshape")
            .floats("x", x, 2, 3, 4)
            .set("sizes", new long[] {0, -1})
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 12}, out.shape());
    assertArrayEquals(x, out.floats());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reduce(boolean keep) {
    byte[] x = unsigned(24);
    TensorData out =
        new OneOperation("reduce")
            .codes("x", ElementType.U8, UNSIGNED, x, 2, 3, 4)
            .set("reduction", "sum")
            .set("dims", new long[] {-1, 0})
            .set("keep_dims", keep)
            .out(ElementType.F32, null)
            .run()
            .get("out");
    assertArrayEquals(keep ? new long[] {1, 3, 1} : new long[] {3}, out.shape());
    for (int row = 0; row < 3; row++) {
      int sum = 0;
      for (int i = 0; i < 24; i++) {
        sum += i / 4 % 3 == row ? (x[i] & 0xff) - UNSIGNED.zeroPoint(0) : 0;
      }
      assertEquals(UNSIGNED.scale(0) * sum, out.floats()[row]);
    }
  }

  @Test
  void argmax() {
    float[] x = {1, 3, 3, -1, Float.NaN, 7};
    TensorData out = new OneOperation("argmax").floats("x", x, 2, 3).run().get("out");
    assertArrayEquals(new long[] {2}, out.shape());
    assertArrayEquals(new long[] {1, 1}, out.longs());
  }

  private static final long LARGE = (1L << 60) + 1;

  @ParameterizedTest
  @CsvSource({
    "add, 1152921504606846978, -6",
    "sub, 1152921504606846976, -8",
    "mul, 1152921504606846977, -7",
    "floor_div, 1152921504606846977, -7",
    "remainder, 0, 0",
    "min, 1, -7",
    "max, 1152921504606846977, 1"
  })
  void wholeNumbersAreExact(String function, long first, long second) {
    long[] out =
        new OneOperation("binary")
            .input("a", ElementType.I64, null, TensorData.of(new long[] {LARGE, -7}, 2))
            .input("b", ElementType.I64, null, TensorData.of(new long[] {1}, 1))
            .set("function", function)
            .run()
            .get("out")
            .longs();
    assertArrayEquals(new long[] {first, second}, out);
  }

  @ParameterizedTest
  @CsvSource({"sum, 2305843009213693950", "max, 1152921504606846977", "min, -3"})
  void reductionsOfWholeNumbersAreExact(String reduction, long expected) {
    long[] x = {LARGE - 1, -3, LARGE};
    long[] out =
        new OneOperation("reduce")
            .input("x", ElementType.I64, null, TensorData.of(x, 1, 3))
            .set("reduction", reduction)
            .set("dims", new long[] {1})
            .run()
            .get("out")
            .longs();
    assertArrayEquals(new long[] {expected}, out);
  }

  @Test
  void argmaxOfWholeNumbers() {
    long[] x = {LARGE - 1, LARGE, LARGE, 5, 4, 3};
    TensorData values = TensorData.of(x, 2, 3);
    TensorData out =
        new OneOperation("argmax").input("x", ElementType.I64, null, values).run().get("out");
    assertArrayEquals(new long[] {1, 0}, out.longs());
  }

  @Test
  void cumulativeSum() {
    long[] x = {1, 0, LARGE, 1, 1, 1};
    TensorData values = TensorData.of(x, 2, 3);
    TensorData out =
        new OneOperation("cumulative_sum")
            .input("x", ElementType.I64, null, values)
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 3}, out.shape());
    assertArrayEquals(new long[] {1, 1, LARGE + 1, 1, 2, 3}, out.longs());
    TensorData down =
        new OneOperation("cumulative_sum")
            .input("x", ElementType.I64, null, values)
            .set("axis", 0)
            .run()
            .get("out");
    assertArrayEquals(new long[] {1, 0, LARGE, 2, 1, LARGE + 1}, down.longs());
  }

  @Test
  void numbersOfDifferentKindsAreNotMixed() {
    OneOperation mixed =
        new OneOperation("binary")
            .input("a", ElementType.I64, null, TensorData.of(new long[] {1}, 1))
            .floats("b", new float[] {1}, 1)
            .set("function", "add")
            .out(ElementType.I64, null);
    assertTrue(failure(mixed).contains("i64 for all or none of them: cast one"));
    OneOperation quotient =
        new OneOperation("binary")
            .input("a", ElementType.I64, null, TensorData.of(new long[] {1}, 1))
            .input("b", ElementType.I64, null, TensorData.of(new long[] {1}, 1))
            .set("function", "div");
    assertTrue(failure(quotient).contains("no function 'div'"));
    OneOperation mean =
        new OneOperation("reduce")
            .input("x", ElementType.I64, null, TensorData.of(new long[] {1}, 1))
            .set("reduction", "mean")
            .set("dims", new long[] {0});
    assertTrue(failure(mean).contains("no whole number"));
  }

  private static String failure(OneOperation operation) {
    return assertThrows(InvalidProgramException.class, operation::run).getMessage();
  }

  @Test
  void gatherFromTheEnd() {
    float[] x = values(6);
    long[] indices = {-1, 0, -3, 2};
    float[] out =
        new OneOperation("gather")
            .floats("x", x, 3, 2)
            .input("indices", ElementType.I64, null, TensorData.of(indices, 4))
            .set("wrap", true)
            .run()
            .get("out")
            .floats();
    assertArrayEquals(new float[] {x[4], x[5], x[0], x[1], x[0], x[1], x[4], x[5]}, out);
  }

  @Test
  void sliceOfTheLast() {
    float[] x = values(10);
    TensorData out =
        new OneOperation("slice")
            .floats("x", x, 2, 5)
            .floats("like", new float[2], 2)
            .set("axis", 1)
            .set("last", true)
            .run()
            .get("out");
    assertArrayEquals(new long[] {2, 2}, out.shape());
    assertArrayEquals(new float[] {x[3], x[4], x[8], x[9]}, out.floats());
    OneOperation unlike = new OneOperation("slice").floats("x", x, 10).set("axis", 0);
    assertTrue(failure(unlike.set("last", true)).contains("without an input 'like'"));
  }

  @Test
  void maskedMeanAtLengthOne() {
    float[] x = values(2 * 3 * 4);
    long[] mask = {1, 1, 0, 0, 0, 0};
    float[] mean =
        new OneOperation("masked_mean")
            .floats("x", x, 2, 3, 4)
            .input("mask", ElementType.I64, null, TensorData.of(mask, 2, 3))
            .run()
            .get("out")
            .floats();
    for (int i = 0; i < 8; i++) {
      assertEquals(i < 4 ? (x[i] + x[4 + i]) / 2 : 0, mean[i], 1e-6);
    }
    float[] unit =
        new OneOperation("l2_normalize").floats("x", mean, 2, 4).run().get("out").floats();
    double length = 0;
    for (int i = 0; i < 4; i++) {
      length += mean[i] * mean[i];
    }
    for (int i = 0; i < 8; i++) {
      assertEquals(i < 4 ? mean[i] / Math.sqrt(length) : 0, unit[i], 1e-6);
    }
  }

  /** The element that a border repeats, -1 for the constant. */
  private static int source(String mode, int index, int before, int size) {
    int at = index - before;
    if (at >= 0 && at < size) {
      return at;
    }
    return switch (mode) {
      case "reflect" -> at < 0 ? -at : 2 * (size - 1) - at;
      case "replicate" -> at < 0 ? 0 : size - 1;
      case "circular" -> (at + size) % size;
      default -> -1;
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"constant", "reflect", "replicate", "circular"})
  void pads(String mode) {
    int height = 4;
    int width = 5;
    byte[] codes = unsigned(2 * height * width);
    int[] before = {0, 2, 3};
    int[] after = {0, 3, 1};
    TensorData result =
        new OneOperation("pad")
            .codes("x", ElementType.U8, UNSIGNED, codes, 2, height, width)
            .set("before", new long[] {0, 2, 3})
            .set("after", new long[] {0, 3, 1})
            .set("mode", mode)
            .run()
            .get("out");
    int outHeight = height + before[1] + after[1];
    int outWidth = width + before[2] + after[2];
    assertArrayEquals(new long[] {2, outHeight, outWidth}, result.shape());
    byte[] out = result.bytes();
    for (int i = 0; i < out.length; i++) {
      int row = source(mode, i / outWidth % outHeight, before[1], height);
      int column = source(mode, i % outWidth, before[2], width);
      byte expected =
          row < 0 || column < 0
              ? (byte) UNSIGNED.zeroPoint(0)
              : codes[(i / (outWidth * outHeight) * height + row) * width + column];
      assertEquals(expected, out[i], "element " + i);
    }
  }

  @Test
  void padsFloatsByANumber() {
    float[] out =
        new OneOperation("pad")
            .floats("x", new float[] {1, 2}, 2)
            .set("before", new long[] {1})
            .set("after", new long[] {2})
            .set("value", -1.5)
            .run()
            .get("out")
            .floats();
    assertArrayEquals(new float[] {-1.5f, 1, 2, -1.5f, -1.5f}, out);
  }
}
