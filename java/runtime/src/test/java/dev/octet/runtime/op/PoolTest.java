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
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("cuda")
class PoolTest {
  private static final int BATCH = 2;
  private static final int HEIGHT = 7;
  private static final int WIDTH = 6;
  private static final int CHANNELS = 5;
  private static final Grid GRID = Grid.perTensor(0.03f, 120, 0, 255);
  private static final Grid OUT_GRID = Grid.perTensor(0.02f, -3, -128, 127);
  private static final long[] NHWC = {BATCH, HEIGHT, WIDTH, CHANNELS};
  private static final long[] NCHW = {BATCH, CHANNELS, HEIGHT, WIDTH};

  private final Random random = new Random(7);
  private final byte[] codes =
      TestPrograms.codes(random, BATCH * HEIGHT * WIDTH * CHANNELS, 0, 255);

  private static int place(String layout, int height, int width, int n, int y, int x, int c) {
    return layout.equals("nhwc")
        ? ((n * height + y) * width + x) * CHANNELS + c
        : ((n * CHANNELS + c) * height + y) * width + x;
  }

  private int code(String layout, int n, int y, int x, int c) {
    boolean inside = y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH;
    return inside ? codes[place(layout, HEIGHT, WIDTH, n, y, x, c)] & 0xff : -1;
  }

  private OneOperation operation(String kind, String xLayout, String outLayout) {
    return new OneOperation(kind)
        .codes("x", ElementType.U8, GRID, codes, xLayout.equals("nhwc") ? NHWC : NCHW)
        .set("x_layout", xLayout)
        .set("out_layout", outLayout);
  }

  @ParameterizedTest
  @CsvSource({"nhwc, nhwc", "nchw, nhwc", "nhwc, nchw", "nchw, nchw"})
  void greatest(String xLayout, String outLayout) {
    TensorData out =
        operation("max_pool2d", xLayout, outLayout)
            .set("kernel", new long[] {3, 2})
            .set("stride", new long[] {2, 1})
            .set("padding", new long[] {1, 0, 2, 2})
            .set("dilation", new long[] {1, 3})
            .run()
            .get("out");
    int height = (HEIGHT + 3 - 3) / 2 + 1;
    int width = WIDTH + 2 - 4 + 1;
    byte[] expected = new byte[BATCH * height * width * CHANNELS];
    for (int i = 0; i < expected.length; i++) {
      int c = i % CHANNELS;
      int x = i / CHANNELS % width;
      int y = i / CHANNELS / width % height;
      int n = i / CHANNELS / width / height;
      int greatest = 0;
      for (int r = 0; r < 3; r++) {
        greatest = Math.max(greatest, code(xLayout, n, 2 * y - 1 + r, x, c));
        greatest = Math.max(greatest, code(xLayout, n, 2 * y - 1 + r, x + 3, c));
      }
      expected[place(outLayout, height, width, n, y, x, c)] = (byte) greatest;
    }
    assertArrayEquals(expected, out.bytes());
  }

  @ParameterizedTest
  @CsvSource({
    "nhwc, nhwc, true, 0",
    "nchw, nhwc, false, 0",
    "nhwc, nchw, true, 5",
    "nchw, nchw, false, 5"
  })
  void means(String xLayout, String outLayout, boolean countIncludePad, int divisor) {
    TensorData out =
        operation("avg_pool2d", xLayout, outLayout)
            .set("kernel", new long[] {3, 2})
            .set("padding", new long[] {1, 1, 1, 0})
            .set("ceil_mode", true)
            .set("count_include_pad", countIncludePad)
            .set("divisor", (long) divisor)
            .out(ElementType.S8, OUT_GRID)
            .run()
            .get("out");
    int height = 3;
    int width = 4;
    byte[] expected = new byte[BATCH * height * width * CHANNELS];
    for (int i = 0; i < expected.length; i++) {
      int c = i % CHANNELS;
      int x = i / CHANNELS % width;
      int y = i / CHANNELS / width % height;
      int n = i / CHANNELS / width / height;
      int sum = 0;
      int elements = 0;
      int padded = 0;
      for (int tap = 0; tap < 6; tap++) {
        int code = code(xLayout, n, 3 * y - 1 + tap / 2, 2 * x - 1 + tap % 2, c);
        sum += code < 0 ? 0 : code - GRID.zeroPoint(0);
        elements += code < 0 ? 0 : 1;
        padded += 2 * x - 1 + tap % 2 < WIDTH ? 1 : 0;
      }
      float by = divisor != 0 ? divisor : countIncludePad ? padded : elements;
      expected[place(outLayout, height, width, n, y, x, c)] =
          (byte) Reference.quantize(GRID.scale(0) * sum / by, OUT_GRID, 0);
    }
    assertArrayEquals(expected, out.bytes());
  }

  @ParameterizedTest
  @CsvSource({"nhwc, 1, 1", "nchw, 1, 1", "nhwc, 2, 0"})
  void sharesOutImages(String layout, int height, int width) {
    TensorData out =
        operation("adaptive_avg_pool2d", layout, "nhwc")
            .set("size", new long[] {height, width})
            .out(ElementType.F32, null)
            .run()
            .get("out");
    int columns = width == 0 ? WIDTH : width;
    assertArrayEquals(new long[] {BATCH, height, columns, CHANNELS}, out.shape());
    int rows = HEIGHT / height + (height == 1 ? 0 : 1);
    for (int i = 0; i < out.floats().length; i++) {
      int x = i / CHANNELS % columns;
      int y = i / CHANNELS / columns % height;
      int sum = 0;
      int count = 0;
      for (int r = y * (HEIGHT - rows); r < y * (HEIGHT - rows) + rows; r++) {
        for (int s = width == 0 ? x : 0; s < (width == 0 ? x + 1 : WIDTH); s++) {
          sum += code(layout, i / CHANNELS / columns / height, r, s, i % CHANNELS) - 120;
          count++;
        }
      }
      assertEquals(GRID.scale(0) * sum / count, out.floats()[i]);
    }
  }

  private static void refuses(OneOperation operation, String... words) {
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    for (String word : words) {
      assertTrue(message.contains(word), message);
    }
  }

  @Test
  void wrongWindowsAreRefused() {
    refuses(operation("max_pool2d", "nhwc", "nhwc"), "attribute 'kernel'");
    refuses(operation("max_pool2d", "nhwc", "nhwc").set("kernel", new long[] {2}), "has 1 numbers");
    refuses(
        operation("max_pool2d", "nhwc", "nhwc").set("kernel", new long[] {8, 2}),
        "window of 8 and an input of 7");
    refuses(
        operation("avg_pool2d", "nhwc", "nhwc")
            .set("kernel", new long[] {2, 2})
            .set("padding", new long[] {0, 2, 0, 0})
            .out(ElementType.F32, null),
        "2 of padding and a window of 2");
    refuses(
        operation("max_pool2d", "nhwc", "nhwc")
            .set("kernel", new long[] {2, 2})
            .out(ElementType.U8, Grid.perTensor(0.04f, 120, 0, 255)),
        "expected the same");
    refuses(
        new OneOperation("max_pool2d")
            .floats("x", new float[0], 1, 0, 2, 3)
            .set("kernel", new long[] {1, 1}),
        "images of some pixels");
  }
}
