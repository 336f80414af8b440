// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.session.TensorData;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Sizes of what is moved that are those of dimensions of other values. */
@Tag("cuda")
class MovedSizesTest {
  private static OneOperation reshape(long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    float[] x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = i;
    }
    return new OneOperation("reshape").floats("x", x, shape);
  }

  @Test
  void reshapeTakesSizesFromOtherPlaces() {
    TensorData out =
        reshape(5, 12, 3, 7)
            .set("sizes", new long[] {0, 3, 4, -1, -1})
            .set("from", new long[] {-1, -1, -1, 2, 3})
            .run()
            .get("out");
    assertArrayEquals(new long[] {5, 3, 4, 3, 7}, out.shape());
  }

  @Test
  void reshapeWorksOutTheRestOfAnEmptyBatch() {
    TensorData out =
        reshape(0, 6, 5, 7)
            .set("sizes", new long[] {0, 2, -1, -1})
            .set("from", new long[] {-1, -1, -1, 3})
            .run()
            .get("out");
    assertArrayEquals(new long[] {0, 2, 15, 7}, out.shape());
  }

  @Test
  void reshapeRefusesPlacesThatAreNotThere() {
    OneOperation operation =
        reshape(2, 3).set("sizes", new long[] {-1, 0}).set("from", new long[] {2, -1});
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    assertTrue(message.contains("'from' names dimension 2"), message);
    OneOperation shorter = reshape(2, 3).set("sizes", new long[] {6}).set("from", new long[2]);
    message = assertThrows(IllegalArgumentException.class, shorter::run).getMessage();
    assertTrue(message.contains("'from' has 2 entries; expected as many as 'sizes', 1"), message);
  }

  @Test
  void expandTakesSizesFromAnotherValue() {
    TensorData out =
        new OneOperation("expand")
            .floats("x", new float[] {1, 2}, 1, 2)
            .floats("like", new float[12], 3, 4)
            .set("sizes", new long[] {-1, 1, -1})
            .set("like_axes", new long[] {0, -1, -1})
            .run()
            .get("out");
    assertArrayEquals(new long[] {3, 1, 2}, out.shape());
    assertArrayEquals(new float[] {1, 2, 1, 2, 1, 2}, out.floats());
  }

  @Test
  void expandRefusesPlacesThatAreNotThere() {
    OneOperation operation =
        new OneOperation("expand")
            .floats("x", new float[] {1, 2}, 1, 2)
            .floats("like", new float[3], 3)
            .set("sizes", new long[] {-1, -1})
            .set("like_axes", new long[] {1, -1});
    String message = assertThrows(IllegalArgumentException.class, operation::run).getMessage();
    assertTrue(message.contains("'like_axes' names dimension 1"), message);
    OneOperation alone =
        new OneOperation("expand")
            .floats("x", new float[] {1, 2}, 1, 2)
            .set("sizes", new long[] {-1, -1})
            .set("like_axes", new long[] {0, -1});
    message = assertThrows(IllegalArgumentException.class, alone::run).getMessage();
    assertTrue(message.contains("input 'like' does not have"), message);
  }
}
