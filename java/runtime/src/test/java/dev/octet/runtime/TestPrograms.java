// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Random;

/** A two-layer perceptron on codes, and what it should compute. */
public final class TestPrograms {
  /** Sizes of the perceptron's layers. */
  public static final int IN = 24;

  public static final int HIDDEN = 40;
  public static final int OUT = 10;

  private static final Grid X_GRID = Grid.perTensor(0.03f, 120, 0, 255);
  private static final Grid H_GRID = Grid.perTensor(0.05f, 0, 0, 255);

  private TestPrograms() {}

  public static byte[] codes(Random random, int count, int least, int greatest) {
    byte[] codes = new byte[count];
    for (int i = 0; i < count; i++) {
      codes[i] = (byte) (least + random.nextInt(greatest - least + 1));
    }
    return codes;
  }

  public static float[] floats(Random random, int count, float magnitude) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (random.nextFloat() * 2 - 1) * magnitude;
    }
    return values;
  }

  public static Grid perRow(Random random, int rows) {
    float[] scales = new float[rows];
    for (int i = 0; i < rows; i++) {
      scales[i] = 0.001f + 0.01f * random.nextFloat();
    }
    return Grid.perChannel(scales, null, -128, 127, 0);
  }

  /** The parameters of a perceptron. */
  public record Perceptron(byte[] w1, Grid g1, float[] b1, byte[] w2, Grid g2, float[] b2) {
    public static Perceptron make(long seed) {
      Random random = new Random(seed);
      return new Perceptron(
          codes(random, HIDDEN * IN, -128, 127),
          perRow(random, HIDDEN),
          floats(random, HIDDEN, 1),
          codes(random, OUT * HIDDEN, -128, 127),
          perRow(random, OUT),
          floats(random, OUT, 1));
    }

    public Program program() {
      ProgramBuilder b = Program.builder();
      Value x = b.input("x", ElementType.F32, Shape.of("batch", IN));
      Value q = b.quantize(x).as("q", ElementType.U8, X_GRID);
      Value weights1 = b.constant("fc1.weight", ElementType.S8, Shape.of(HIDDEN, IN), g1, w1);
      Value bias1 = b.constant("fc1.bias", Shape.of(HIDDEN), b1);
      Value h =
          b.linear(q, weights1)
              .input("bias", bias1)
              .set("activation", "relu")
              .as("h", ElementType.U8, H_GRID);
      Value weights2 = b.constant("fc2.weight", ElementType.S8, Shape.of(OUT, HIDDEN), g2, w2);
      Value bias2 = b.constant("fc2.bias", Shape.of(OUT), b2);
      Value y = b.linear(h, weights2).input("bias", bias2).as("y");
      return b.output(y).metadata("model", "perceptron").build();
    }

    public float[] expected(float[] x, int batch) {
      byte[] q = Reference.quantize(x, X_GRID);
      float[] h = Reference.linear(q, false, X_GRID, w1, g1, b1, batch, IN, HIDDEN);
      for (int i = 0; i < h.length; i++) {
        h[i] = Math.max(0, h[i]);
      }
      byte[] hq = Reference.quantize(h, H_GRID);
      return Reference.linear(hq, false, H_GRID, w2, g2, b2, batch, HIDDEN, OUT);
    }
  }
}
