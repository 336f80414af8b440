// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.InstructionSet;
import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.Reference;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.op.BinaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sentence encoder: embedding, layer norm, a feed-forward block with residual, masked mean,
 * length 1; from tokens to vectors.
 */
class TransformerTest {
  private static final int VOCABULARY = 50;
  private static final int WIDTH = 32;
  private static final int INNER = 64;
  private static final Grid TABLE = Grid.perTensor(0.01f, 0, -128, 127);
  private static final Grid NORMAL = Grid.perTensor(0.04f, 128, 0, 255);
  private static final Grid INNER_GRID = Grid.perTensor(0.03f, 8, 0, 255);

  @TempDir Path folder;

  private final Random random = new Random(2);
  private final byte[] table = TestPrograms.codes(random, VOCABULARY * WIDTH, -128, 127);
  private final float[] gamma = TestPrograms.floats(random, WIDTH, 1);
  private final float[] beta = TestPrograms.floats(random, WIDTH, 1);
  private final byte[] up = TestPrograms.codes(random, INNER * WIDTH, -128, 127);
  private final Grid upGrid = TestPrograms.perRow(random, INNER);
  private final byte[] down = TestPrograms.codes(random, WIDTH * INNER, -128, 127);
  private final Grid downGrid = TestPrograms.perRow(random, WIDTH);

  private Program program() {
    ProgramBuilder b = Program.builder();
    Value ids = b.input("ids", ElementType.I64, Shape.of("batch", "tokens"));
    Value mask = b.input("mask", ElementType.I64, Shape.of("batch", "tokens"));
    Value rows =
        b.embedding(
                ids, b.constant("table", ElementType.S8, Shape.of(VOCABULARY, WIDTH), TABLE, table))
            .as("rows");
    Value normal =
        b.layerNorm(rows)
            .input("weight", b.constant("gamma", Shape.of(WIDTH), gamma))
            .input("bias", b.constant("beta", Shape.of(WIDTH), beta))
            .as("normal", ElementType.U8, NORMAL);
    Value inner =
        b.linear(normal, b.constant("up", ElementType.S8, Shape.of(INNER, WIDTH), upGrid, up))
            .set("activation", "relu")
            .as("inner", ElementType.U8, INNER_GRID);
    Value outer =
        b.linear(inner, b.constant("down", ElementType.S8, Shape.of(WIDTH, INNER), downGrid, down))
            .input("residual", normal)
            .as("outer");
    Value pooled = b.operation("masked_mean").input("x", outer).input("mask", mask).as("pooled");
    Value shifted =
        b.binary(BinaryFunction.ADD, pooled, b.constant("shift", Shape.of(1), 0.25f)).as("shifted");
    Value unit = b.operation("l2_normalize").input("x", shifted).as("unit");
    return b.output("embedding", unit).build();
  }

  private double[] expected(long[] ids, long[] mask, int batch, int tokens) {
    byte[] normal = new byte[ids.length * WIDTH];
    for (int i = 0; i < ids.length; i++) {
      double[] row = new double[WIDTH];
      double mean = 0;
      for (int j = 0; j < WIDTH; j++) {
        row[j] = Reference.dequantize(table[(int) ids[i] * WIDTH + j], TABLE, 0);
        mean += row[j] / WIDTH;
      }
      double variance = 0;
      for (double value : row) {
        variance += (value - mean) * (value - mean) / WIDTH;
      }
      for (int j = 0; j < WIDTH; j++) {
        double value = (row[j] - mean) / Math.sqrt(variance + 1e-5) * gamma[j] + beta[j];
        normal[i * WIDTH + j] = (byte) Reference.quantize((float) value, NORMAL, 0);
      }
    }
    float[] inner =
        Reference.linear(normal, false, NORMAL, up, upGrid, null, ids.length, WIDTH, INNER);
    for (int i = 0; i < inner.length; i++) {
      inner[i] = Math.max(0, inner[i]);
    }
    byte[] codes = Reference.quantize(inner, INNER_GRID);
    float[] outer =
        Reference.linear(codes, false, INNER_GRID, down, downGrid, null, ids.length, INNER, WIDTH);
    double[] result = new double[batch * WIDTH];
    for (int row = 0; row < batch; row++) {
      double count = 0;
      for (int t = 0; t < tokens; t++) {
        int token = row * tokens + t;
        count += mask[token];
        for (int j = 0; j < WIDTH; j++) {
          float residual = Reference.dequantize(normal[token * WIDTH + j] & 0xff, NORMAL, 0);
          result[row * WIDTH + j] += mask[token] * (outer[token * WIDTH + j] + residual);
        }
      }
      double length = 0;
      for (int j = 0; j < WIDTH; j++) {
        result[row * WIDTH + j] = result[row * WIDTH + j] / count + 0.25;
        length += result[row * WIDTH + j] * result[row * WIDTH + j];
      }
      for (int j = 0; j < WIDTH; j++) {
        result[row * WIDTH + j] /= Math.sqrt(length);
      }
    }
    return result;
  }

  @Test
  void encodesSentencesAsTheReferenceDoes() throws IOException {
    int batch = 5;
    int tokens = 12;
    long[] ids = random.longs(batch * tokens, 0, VOCABULARY).toArray();
    long[] mask = new long[ids.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % tokens < 2 + i / tokens * 2 ? 1 : 0;
    }
    Map<String, TensorData> inputs =
        Map.of(
            "ids", TensorData.of(ids, batch, tokens),
            "mask", TensorData.of(mask, batch, tokens));
    double[] expected = expected(ids, mask, batch, tokens);
    Path file = folder.resolve("encoder.octet");
    Artifact.write(program(), file);
    InstructionSet before = NativeLibrary.instructionSet();
    float[] first = null;
    try {
      for (InstructionSet isa : InstructionSet.values()) {
        if (!NativeLibrary.isAvailable(isa)) {
          continue;
        }
        NativeLibrary.setInstructionSet(isa);
        for (int threads = 1; threads <= 3; threads++) {
          SessionOptions options = SessionOptions.defaults().withThreads(threads);
          try (Session session = Session.open(file, options)) {
            float[] actual = session.run(inputs).get("embedding").floats();
            first = first == null ? actual : first;
            assertArrayEquals(first, actual, isa + " with " + threads + " threads");
          }
        }
      }
    } finally {
      NativeLibrary.setInstructionSet(before);
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], first[i], 2e-4);
    }
  }

  @Test
  void aProgramIsPrintedAsALineAnOperation() {
    String[] lines = program().toString().split("\n");
    assertEquals(2 + 6 + 7 + 1, lines.length);
    assertTrue(
        lines[10].equals(
            "inner: u8[batch, tokens, 64]{scale 0.03, zero point 8, 0..255} ="
                + " linear(x=normal, weights=up) {activation=relu}"),
        lines[10]);
  }
}
