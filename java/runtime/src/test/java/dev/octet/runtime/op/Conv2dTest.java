// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("cuda")
class Conv2dTest {
  private static final int BATCH = 2;
  private static final int HEIGHT = 7;
  private static final int WIDTH = 6;
  private static final int IN = 4;
  private static final int OUT = 8;
  private static final Grid GRID = Grid.perTensor(0.03f, 120, 0, 255);

  private final Random random = new Random(5);
  private final byte[] x = TestPrograms.codes(random, BATCH * HEIGHT * WIDTH * IN, 0, 255);
  private final Grid weightGrid = TestPrograms.perRow(random, OUT);
  private final float[] bias = TestPrograms.floats(random, OUT, 1);

  @ParameterizedTest
  @CsvSource({
    "1, nhwc, nhwc",
    "2, nhwc, nhwc",
    "4, nhwc, nhwc",
    "1, nchw, nhwc",
    "1, nhwc, nchw",
    "2, nchw, nchw"
  })
  void convolves(int groups, String xLayout, String outLayout) {
    int perGroup = IN / groups;
    byte[] weights = TestPrograms.codes(random, OUT * perGroup * 3 * 2, -128, 127);
    boolean first = xLayout.equals("nchw");
    long[] shape =
        first ? new long[] {BATCH, IN, HEIGHT, WIDTH} : new long[] {BATCH, HEIGHT, WIDTH, IN};
    TensorData out =
        new OneOperation("conv2d")
            .codes("x", ElementType.U8, GRID, x, shape)
            .constant("weights", ElementType.S8, weightGrid, weights, OUT, perGroup, 3, 2)
            .constant("bias", bias, OUT)
            .set("stride", new long[] {2, 1})
            .set("padding", new long[] {1, 0, 2, 1})
            .set("dilation", new long[] {1, 2})
            .set("groups", groups)
            .set("x_layout", xLayout)
            .set("out_layout", outLayout)
            .run()
            .get("out");
    int outHeight = (HEIGHT + 3 - 3) / 2 + 1;
    int outWidth = WIDTH + 1 - 3 + 1;
    float[] expected = new float[BATCH * outHeight * outWidth * OUT];
    for (int n = 0; n < BATCH; n++) {
      for (int y = 0; y < outHeight; y++) {
        for (int c = 0; c < outWidth; c++) {
          for (int o = 0; o < OUT; o++) {
            long sum = sum(weights, groups, first, n, y * 2 - 1, c, o);
            int place =
                outLayout.equals("nchw")
                    ? ((n * OUT + o) * outHeight + y) * outWidth + c
                    : ((n * outHeight + y) * outWidth + c) * OUT + o;
            expected[place] = Math.fma((float) sum, GRID.scale(0) * weightGrid.scale(o), bias[o]);
          }
        }
      }
    }
    assertArrayEquals(expected, out.floats());
    assertEquals(outLayout.equals("nchw") ? OUT : outHeight, out.shape()[1]);
  }

  private long sum(byte[] weights, int groups, boolean first, int n, int top, int left, int o) {
    int perGroup = IN / groups;
    long sum = 0;
    for (int c = 0; c < perGroup; c++) {
      int channel = o / (OUT / groups) * perGroup + c;
      for (int r = 0; r < 3; r++) {
        for (int s = 0; s < 2; s++) {
          int row = top + r;
          int column = left + 2 * s;
          if (row < 0 || row >= HEIGHT || column >= WIDTH) {
            continue;
          }
          int place =
              first
                  ? ((n * IN + channel) * HEIGHT + row) * WIDTH + column
                  : ((n * HEIGHT + row) * WIDTH + column) * IN + channel;
          sum +=
              (long) ((x[place] & 0xff) - GRID.zeroPoint(0))
                  * weights[((o * perGroup + c) * 3 + r) * 2 + s];
        }
      }
    }
    return sum;
  }

  @ParameterizedTest
  @CsvSource({"1, nhwc, nchw", "2, nchw, nhwc", "4, nchw, nchw"})
  void convolvesFloats(int groups, String xLayout, String outLayout) {
    int perGroup = IN / groups;
    float[] images = TestPrograms.floats(random, BATCH * HEIGHT * WIDTH * IN, 1);
    float[] weights = TestPrograms.floats(random, OUT * perGroup * 3 * 2, 1);
    boolean first = xLayout.equals("nchw");
    boolean outFirst = outLayout.equals("nchw");
    long[] shape =
        first ? new long[] {BATCH, IN, HEIGHT, WIDTH} : new long[] {BATCH, HEIGHT, WIDTH, IN};
    float[] out =
        new OneOperation("conv2d_float")
            .floats("x", images, shape)
            .constant("weights", weights, OUT, perGroup, 3, 2)
            .constant("bias", bias, OUT)
            .set("stride", new long[] {2, 1})
            .set("padding", new long[] {1, 0, 2, 1})
            .set("dilation", new long[] {1, 2})
            .set("groups", groups)
            .set("x_layout", xLayout)
            .set("out_layout", outLayout)
            .run()
            .get("out")
            .floats();
    int outHeight = (HEIGHT + 3 - 3) / 2 + 1;
    int outWidth = WIDTH + 1 - 3 + 1;
    for (int i = 0; i < out.length; i++) {
      int o = outFirst ? i / (outHeight * outWidth) % OUT : i % OUT;
      int pixel = outFirst ? i % (outHeight * outWidth) : i / OUT % (outHeight * outWidth);
      int n = i / (outHeight * outWidth * OUT);
      double sum = bias[o];
      for (int c = 0; c < perGroup; c++) {
        int channel = o / (OUT / groups) * perGroup + c;
        for (int tap = 0; tap < 6; tap++) {
          int row = pixel / outWidth * 2 - 1 + tap / 2;
          int column = pixel % outWidth + 2 * (tap % 2);
          if (row < 0 || row >= HEIGHT || column >= WIDTH) {
            continue;
          }
          int place =
              first
                  ? ((n * IN + channel) * HEIGHT + row) * WIDTH + column
                  : ((n * HEIGHT + row) * WIDTH + column) * IN + channel;
          sum += (double) images[place] * weights[(o * perGroup + c) * 6 + tap];
        }
      }
      assertEquals(sum, out[i], 1e-5);
    }
  }

  @Test
  void aWindowLargerThanTheImageIsRefused() {
    byte[] weights = new byte[OUT * IN * 9 * 1];
    OneOperation operation =
        new OneOperation("conv2d")
            .codes("x", ElementType.U8, GRID, x, BATCH, HEIGHT, WIDTH, IN)
            .constant("weights", ElementType.S8, weightGrid, weights, OUT, IN, 9, 1);
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    assertTrue(message.contains("window of 9 and an input of 7"), message);
  }
}
