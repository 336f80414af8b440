// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.Reference;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.program.OperationBuilder;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("cuda")
class RecurrentTest {
  private static final int STEPS = 5;
  private static final int BATCH = 3;
  private static final int INPUTS = 4;
  private static final int HIDDEN = 9;
  private static final double TOLERANCE = 1e-5;

  private final Random random = new Random(17);

  private enum Cell {
    RNN(1),
    LSTM(4),
    GRU(3);

    final int gates;

    Cell(int gates) {
      this.gates = gates;
    }

    String kind() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /** Weights of one direction of one layer; biases and projection may be null. */
  private record Direction(
      float[] input, float[] hidden, float[] inputBias, float[] hiddenBias, float[] projection) {}

  /** A stack of layers, and what it gives in double precision. */
  private final class Layers {
    final Cell cell;
    final int directions;
    final int outputs;
    final boolean relu;
    final List<Direction> weights = new ArrayList<>();

    Layers(
        Cell cell, int layers, boolean bidirectional, boolean bias, int projection, boolean relu) {
      this.cell = cell;
      this.relu = relu;
      directions = bidirectional ? 2 : 1;
      outputs = projection == 0 ? HIDDEN : projection;
      for (int i = 0; i < layers * directions; i++) {
        int rows = cell.gates * HIDDEN;
        weights.add(
            new Direction(
                TestPrograms.floats(random, rows * inputs(i), 0.5f),
                TestPrograms.floats(random, rows * outputs, 0.5f),
                bias ? TestPrograms.floats(random, rows, 0.5f) : null,
                bias ? TestPrograms.floats(random, rows, 0.5f) : null,
                projection == 0 ? null : TestPrograms.floats(random, outputs * HIDDEN, 0.5f)));
      }
    }

    int inputs(int index) {
      return index < directions ? INPUTS : directions * outputs;
    }

    OneOperation operation() {
      OneOperation operation = new OneOperation(cell.kind());
      for (int i = 0; i < weights.size(); i++) {
        Direction direction = weights.get(i);
        int rows = cell.gates * HIDDEN;
        operation
            .constant("input_weights" + i, direction.input(), rows, inputs(i))
            .constant("hidden_weights" + i, direction.hidden(), rows, outputs);
        if (direction.inputBias() != null) {
          operation
              .constant("input_bias" + i, direction.inputBias(), rows)
              .constant("hidden_bias" + i, direction.hiddenBias(), rows);
        }
        if (direction.projection() != null) {
          operation.constant("projection" + i, direction.projection(), outputs, HIDDEN);
        }
      }
      if (relu) {
        operation.set("nonlinearity", "relu");
      }
      if (directions == 2) {
        operation.set("bidirectional", true);
      }
      return cell == Cell.LSTM
          ? operation.further("h_n", ElementType.F32, null).further("c_n", ElementType.F32, null)
          : operation.further("h_n", ElementType.F32, null);
    }

    Map<String, TensorData> run(OneOperation operation) {
      return cell == Cell.LSTM ? operation.run("h_n", "c_n") : operation.run("h_n");
    }

    private double[] product(float[] weights, float[] bias, double[] x, int rows) {
      double[] sums = new double[rows];
      for (int row = 0; row < rows; row++) {
        sums[row] = bias == null ? 0 : bias[row];
        for (int i = 0; i < x.length; i++) {
          sums[row] += weights[row * x.length + i] * x[i];
        }
      }
      return sums;
    }

    private double[] step(Direction w, double[] x, double[] h, double[] c) {
      double[] a = product(w.input(), w.inputBias(), x, cell.gates * HIDDEN);
      double[] b = product(w.hidden(), w.hiddenBias(), h, cell.gates * HIDDEN);
      double[] next = new double[HIDDEN];
      for (int u = 0; u < HIDDEN; u++) {
        double first = a[u] + b[u];
        switch (cell) {
          case RNN -> next[u] = relu ? Math.max(first, 0) : Math.tanh(first);
          case GRU -> {
            double update = sigmoid(a[u + HIDDEN] + b[u + HIDDEN]);
            double fresh = Math.tanh(a[u + 2 * HIDDEN] + sigmoid(first) * b[u + 2 * HIDDEN]);
            next[u] = (1 - update) * fresh + update * h[u];
          }
          default -> {
            double forget = sigmoid(a[u + HIDDEN] + b[u + HIDDEN]);
            double fresh = Math.tanh(a[u + 2 * HIDDEN] + b[u + 2 * HIDDEN]);
            c[u] = forget * c[u] + sigmoid(first) * fresh;
            next[u] = sigmoid(a[u + 3 * HIDDEN] + b[u + 3 * HIDDEN]) * Math.tanh(c[u]);
          }
        }
      }
      return w.projection() == null ? next : product(w.projection(), null, next, outputs);
    }

    /** x [steps][batch][inputs]; states [directions of all layers][batch][..] become the last. */
    double[][][] expected(double[][][] x, double[][][] h, double[][][] c) {
      double[][][] sequence = x;
      for (int layer = 0; layer < weights.size() / directions; layer++) {
        double[][][] out = new double[x.length][x[0].length][directions * outputs];
        for (int d = 0; d < directions; d++) {
          int index = layer * directions + d;
          for (int s = 0; s < x.length; s++) {
            int t = d == 0 ? s : x.length - 1 - s;
            for (int row = 0; row < x[0].length; row++) {
              h[index][row] =
                  step(weights.get(index), sequence[t][row], h[index][row], c[index][row]);
              System.arraycopy(h[index][row], 0, out[t][row], d * outputs, outputs);
            }
          }
        }
        sequence = out;
      }
      return sequence;
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[][][] nested(float[] values, int a, int b, int c) {
    double[][][] nested = new double[a][b][c];
    for (int i = 0; values != null && i < values.length; i++) {
      nested[i / (b * c)][i / c % b][i % c] = values[i];
    }
    return nested;
  }

  private static double[][][] swapped(double[][][] x) {
    double[][][] swapped = new double[x[0].length][x.length][];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x[0].length; j++) {
        swapped[j][i] = x[i][j];
      }
    }
    return swapped;
  }

  private static void assertClose(double[][][] expected, TensorData actual, String name) {
    float[] values = actual.floats();
    int i = 0;
    for (double[][] rows : expected) {
      for (double[] row : rows) {
        for (double value : row) {
          assertEquals(value, values[i++], TOLERANCE, name);
        }
      }
    }
    assertEquals(values.length, i, name);
  }

  private void check(Layers layers, boolean batchFirst, boolean states, int batch) {
    int count = layers.weights.size();
    float[] x = TestPrograms.floats(random, STEPS * batch * INPUTS, 1);
    OneOperation operation =
        layers
            .operation()
            .floats(
                "x",
                x,
                batchFirst ? new long[] {batch, STEPS, INPUTS} : new long[] {STEPS, batch, INPUTS});
    if (batchFirst) {
      operation.set("batch_first", true);
    }
    float[] h = null;
    float[] c = null;
    if (states) {
      h = TestPrograms.floats(random, count * batch * layers.outputs, 1);
      operation.floats("h_0", h, count, batch, layers.outputs);
      if (layers.cell == Cell.LSTM) {
        c = TestPrograms.floats(random, count * batch * HIDDEN, 1);
        operation.floats("c_0", c, count, batch, HIDDEN);
      }
    }
    double[][][] last = nested(h, count, batch, layers.outputs);
    double[][][] cells = nested(c, count, batch, HIDDEN);
    double[][][] sequence =
        batchFirst ? swapped(nested(x, batch, STEPS, INPUTS)) : nested(x, STEPS, batch, INPUTS);
    double[][][] out = layers.expected(sequence, last, cells);
    Map<String, TensorData> results = layers.run(operation);
    assertClose(batchFirst ? swapped(out) : out, results.get("out"), "out");
    assertClose(last, results.get("h_n"), "h_n");
    assertArrayEquals(new long[] {count, batch, layers.outputs}, results.get("h_n").shape());
    if (layers.cell == Cell.LSTM) {
      assertClose(cells, results.get("c_n"), "c_n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "RNN, 1, false, true, false, false",
    "RNN, 2, true, true, true, true",
    "LSTM, 1, false, true, false, false",
    "LSTM, 1, true, true, false, true",
    "LSTM, 3, false, false, true, false",
    "LSTM, 2, true, true, true, true",
    "GRU, 1, false, true, false, true",
    "GRU, 2, true, false, true, false"
  })
  void layersOfEveryCell(
      Cell cell,
      int layers,
      boolean bidirectional,
      boolean bias,
      boolean batchFirst,
      boolean states) {
    check(new Layers(cell, layers, bidirectional, bias, 0, false), batchFirst, states, BATCH);
  }

  @Test
  void plainNetworksWithRelu() {
    check(new Layers(Cell.RNN, 2, false, true, 0, true), false, true, BATCH);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void projections(boolean bidirectional) {
    check(new Layers(Cell.LSTM, 2, bidirectional, true, 5, false), true, true, BATCH);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RNN", "LSTM", "GRU"})
  void oneSequenceWithoutBatch(Cell cell) {
    Layers layers = new Layers(cell, 2, true, true, 0, false);
    float[] x = TestPrograms.floats(random, STEPS * INPUTS, 1);
    float[] h = TestPrograms.floats(random, 4 * HIDDEN, 1);
    double[][][] last = nested(h, 4, 1, HIDDEN);
    double[][][] cells = new double[4][1][HIDDEN];
    double[][][] out = layers.expected(nested(x, STEPS, 1, INPUTS), last, cells);
    Map<String, TensorData> results =
        layers.run(
            layers
                .operation()
                .floats("x", x, STEPS, INPUTS)
                .floats("h_0", h, 4, HIDDEN)
                .set("batch_first", true));
    assertArrayEquals(new long[] {STEPS, 2 * HIDDEN}, results.get("out").shape());
    assertArrayEquals(new long[] {4, HIDDEN}, results.get("h_n").shape());
    assertClose(out, results.get("out"), "out");
    assertClose(last, results.get("h_n"), "h_n");
  }

  @Test
  void codesStandForTheirValues() {
    Layers layers = new Layers(Cell.GRU, 1, false, true, 0, false);
    Grid grid = Grid.perTensor(0.02f, 100, 0, 255);
    byte[] codes = TestPrograms.codes(random, STEPS * BATCH * INPUTS, 0, 255);
    float[] values = new float[codes.length];
    for (int i = 0; i < codes.length; i++) {
      values[i] = Reference.dequantize(codes[i] & 0xff, grid, 0);
    }
    double[][][] last = new double[1][BATCH][HIDDEN];
    double[][][] out =
        layers.expected(nested(values, STEPS, BATCH, INPUTS), last, new double[1][BATCH][HIDDEN]);
    Map<String, TensorData> results =
        layers.run(
            layers.operation().codes("x", ElementType.U8, grid, codes, STEPS, BATCH, INPUTS));
    assertClose(out, results.get("out"), "out");
  }

  @Test
  void sequencesOfNothing() {
    Layers layers = new Layers(Cell.LSTM, 2, true, true, 0, false);
    float[] h = TestPrograms.floats(random, 4 * BATCH * HIDDEN, 1);
    Map<String, TensorData> noSteps =
        layers.run(
            layers
                .operation()
                .floats("x", new float[0], 0, BATCH, INPUTS)
                .floats("h_0", h, 4, BATCH, HIDDEN));
    assertArrayEquals(new long[] {0, BATCH, 2 * HIDDEN}, noSteps.get("out").shape());
    assertArrayEquals(h, noSteps.get("h_n").floats());
    assertArrayEquals(new float[h.length], noSteps.get("c_n").floats());
    Map<String, TensorData> noRows =
        layers.run(layers.operation().floats("x", new float[0], STEPS, 0, INPUTS));
    assertArrayEquals(new long[] {STEPS, 0, 2 * HIDDEN}, noRows.get("out").shape());
    assertArrayEquals(new long[] {4, 0, HIDDEN}, noRows.get("h_n").shape());
  }

  private static Value zeros(ProgramBuilder b, String name, int... sizes) {
    long[] shape = java.util.Arrays.stream(sizes).asLongStream().toArray();
    int count = java.util.Arrays.stream(sizes).reduce(1, (x, y) -> x * y);
    return b.constant(name, Shape.ofSizes(shape), new float[count]);
  }

  private static void assertRefused(
      String kind,
      Consumer<ProgramBuilder> before,
      Consumer<OperationBuilder> spoil,
      String words) {
    ProgramBuilder b = Program.builder();
    before.accept(b);
    Value x = b.input("x", ElementType.F32, Shape.of("steps", "batch", 3));
    OperationBuilder operation = b.operation(kind).input("x", x);
    int rows = kind.equals("lstm") ? 8 : kind.equals("gru") ? 6 : 2;
    operation
        .input("input_weights0", zeros(b, "w_ih", rows, 3))
        .input("hidden_weights0", zeros(b, "w_hh", rows, 2));
    String message =
        assertThrows(
                InvalidProgramException.class,
                () -> {
                  spoil.accept(operation);
                  operation.as("y");
                })
            .getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void whatDoesNotFitIsNamed() {
    ProgramBuilder[] builder = new ProgramBuilder[1];
    Consumer<ProgramBuilder> keep = b -> builder[0] = b;
    assertRefused(
        "lstm",
        keep,
        o -> o.input("input_bias0", zeros(builder[0], "b", 7)),
        "input 'input_bias0' has shape [7]; expected [8]");
    assertRefused(
        "lstm",
        keep,
        o -> o.set("bidirectional", true),
        "has 1 inputs 'input_weights'; expected two for each layer");
    assertRefused(
        "gru",
        keep,
        o -> o.input("input_weights1", zeros(builder[0], "w1", 6, 2)),
        "has 1 inputs 'hidden_weights'; expected 2");
    assertRefused(
        "rnn",
        keep,
        o ->
            o.input("input_weights1", zeros(builder[0], "w1", 2, 3))
                .input("hidden_weights1", zeros(builder[0], "w2", 2, 2)),
        "input 'input_weights1' has shape [2, 3]; expected [2, 2]");
    assertRefused(
        "gru", keep, o -> o.input("c_0", zeros(builder[0], "c", 1)), "has an input 'c_0'");
    assertRefused(
        "lstm",
        keep,
        o -> o.input("h_0", zeros(builder[0], "h", 1, 4, 3)),
        "input 'h_0' has shape [1, 4, 3]");
    assertRefused(
        "lstm",
        keep,
        o -> o.input("projection0", zeros(builder[0], "p", 1, 2)),
        "input 'projection0' has shape [1, 2]; expected [2, 2]");
    assertRefused(
        "lstm",
        keep,
        o -> o.input("hidden_bias0", builder[0].input("b", ElementType.F32, Shape.of(8))),
        "takes a constant as 'hidden_bias0'");
    assertRefused("rnn", keep, o -> o.set("nonlinearity", "gelu"), "one of [relu, tanh]");
    assertRefused("gru", keep, o -> o.set("nonlinearity", "tanh"), "has an attribute");
  }

  @Test
  void inputsOfOtherRanksAreNamed() {
    ProgramBuilder b = Program.builder();
    OperationBuilder operation =
        b.operation("gru")
            .input("x", b.input("x", ElementType.F32, Shape.of("a", "b", "c", 3)))
            .input("input_weights0", zeros(b, "w_ih", 6, 3))
            .input("hidden_weights0", zeros(b, "w_hh", 6, 2));
    String message =
        assertThrows(InvalidProgramException.class, () -> operation.as("y")).getMessage();
    assertTrue(message.contains("input 'x' has shape [a, b, c, 3]"), message);
    ProgramBuilder rows = Program.builder();
    OperationBuilder odd =
        rows.operation("gru")
            .input("x", rows.input("x", ElementType.F32, Shape.of("a", 3)))
            .input("input_weights0", zeros(rows, "w_ih", 7, 3))
            .input("hidden_weights0", zeros(rows, "w_hh", 7, 2));
    String gates = assertThrows(InvalidProgramException.class, () -> odd.as("y")).getMessage();
    assertTrue(
        gates.contains("'hidden_weights0' has shape [7, 2]; expected a multiple of 3"), gates);
  }
}
