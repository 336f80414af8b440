// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import dev.octet.runtime.op.BinaryFunction;
import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.program.ProgramBuilder;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A small program with an operation of every kind, made for files and their alterations. */
public final class EveryKind {
  private static final int VOCABULARY = 11;
  private static final int WIDTH = 8;
  private static final Grid CODES = Grid.perTensor(0.05f, 100, 0, 255);
  private static final Grid SIGNED = Grid.perTensor(0.04f, 2, -128, 127);

  private EveryKind() {}

  private static Value weights(
      ProgramBuilder b, Random random, String name, int rows, int columns) {
    return b.constant(
        name,
        ElementType.S8,
        Shape.of(rows, columns),
        TestPrograms.perRow(random, rows),
        TestPrograms.codes(random, rows * columns, -128, 127));
  }

  public static Program program() {
    Random random = new Random(21);
    ProgramBuilder b = Program.builder();
    Value ids = b.input("ids", ElementType.I64, Shape.of("batch", "tokens"));
    Value mask = b.input("mask", ElementType.BOOL, Shape.of("batch", "tokens"));
    Value table = weights(b, random, "table", VOCABULARY, WIDTH);
    Value weight =
        b.constant("norm.weight", Shape.of(WIDTH), TestPrograms.floats(random, WIDTH, 1));
    Value bias = b.constant("norm.bias", Shape.of(WIDTH), TestPrograms.floats(random, WIDTH, 1));
    Value rows = b.embedding(ids, table).as("rows");
    Value normal =
        b.layerNorm(rows)
            .input("weight", weight)
            .input("bias", bias)
            .as("normal", ElementType.U8, CODES);
    Value hidden =
        b.linear(normal, weights(b, random, "fc.weight", WIDTH, WIDTH))
            .input("residual", normal)
            .set("activation", "gelu_erf")
            .as("hidden", ElementType.S8, SIGNED);
    Value dynamic =
        b.linear(rows, weights(b, random, "dynamic.weight", WIDTH, WIDTH))
            .set("dynamic_bits", 8)
            .as("dynamic");
    Value scores =
        b.softmax(b.requantize(hidden).as("other", ElementType.U8, CODES))
            .as("scores", ElementType.F32);
    Value sum = b.binary(BinaryFunction.ADD, scores, dynamic).as("sum");
    Value rms = b.rmsNorm(sum).as("rms");
    Value codes = b.quantize(rms).as("codes", ElementType.U8, CODES);
    Value looked =
        b.operation("look_up")
            .input("x", codes)
            .input("table", byteTable(b))
            .as("looked", ElementType.U8, CODES);
    Value back = b.dequantize(looked).as("back");
    Value heads = b.reshape(back, 0, 0, 2, 4).as("heads");
    Value turned = b.transpose(heads, 0, 2, 1, 3).as("turned");
    Value flat = b.reshape(turned, 0, 0, -1).as("flat");
    Value joined = b.concat(1, List.of(flat, flat)).as("joined");
    Value first = b.operation("slice").input("x", joined).set("axis", 1).set("end", 3).as("first");
    Value picked =
        b.operation("gather")
            .input("x", rows)
            .input("indices", b.indices("zero", Shape.of(1), 0))
            .as("picked");
    Value tanh = b.unary(UnaryFunction.TANH, picked).as("tanh");
    Value wide = b.operation("expand").input("x", tanh).input("like", rows).as("wide");
    Value flags =
        b.operation("compare")
            .input("a", wide)
            .input("b", rows)
            .set("comparison", "less")
            .as("flags");
    Value chosen =
        b.operation("where").input("mask", flags).input("a", wide).input("b", rows).as("chosen");
    Value numbers = b.operation("cast").input("x", mask).as("numbers", ElementType.F32);
    Value image = b.reshape(normal, 0, 0, 2, 4).as("image");
    Value convolved =
        b.conv2d(
                image,
                b.constant(
                    "conv.weight",
                    ElementType.S8,
                    Shape.of(3, 4, 1, 2),
                    Grid.perTensor(0.01f, 0, -128, 127),
                    TestPrograms.codes(random, 24, -128, 127)))
            .as("convolved");
    Value greatest =
        b.operation("max_pool2d")
            .input("x", image)
            .set("kernel", new long[] {2, 2})
            .set("stride", new long[] {1, 1})
            .set("padding", new long[] {1, 0, 0, 1})
            .as("greatest");
    Value averaged =
        b.operation("avg_pool2d")
            .input("x", greatest)
            .set("kernel", new long[] {1, 2})
            .as("averaged", ElementType.F32);
    Value shared =
        b.operation("adaptive_avg_pool2d").input("x", averaged).as("shared", ElementType.U8, CODES);
    Value attended =
        b.operation("attention")
            .input("q", heads)
            .input("k", heads)
            .input("v", image)
            .set("layout", "bthd")
            .set("scale", 0.5)
            .set("causal", true)
            .as("attended");
    Value floatWeights =
        b.constant(
            "float.weight", Shape.of(WIDTH, WIDTH), TestPrograms.floats(random, WIDTH * WIDTH, 1));
    Value floating = b.linearFloat(rows, floatWeights).set("activation", "silu").as("floating");
    Value light =
        b.linearFloat(floating, weights(b, random, "light.weight", WIDTH, WIDTH)).as("light");
    Value remembered = remembered(b, random, rows);

    Value product =
        b.matmul(light, hidden).set("transpose_b", true).as("product", ElementType.F32, null);
    Value filtered =
        b.conv2dFloat(
                heads,
                b.constant(
                    "filter.weight", Shape.of(2, 4, 1, 1), TestPrograms.floats(random, 8, 1)))
            .as("filtered");
    Value padded =
        b.operation("pad")
            .input("x", filtered)
            .set("before", new long[] {0, 0, 1, 0})
            .set("after", new long[] {0, 1, 0, 2})
            .set("mode", "replicate")
            .as("padded");
    Value pooled = b.operation("masked_mean").input("x", back).input("mask", mask).as("pooled");
    Value unit = b.operation("l2_normalize").input("x", pooled).as("unit");
    Value best = b.operation("argmax").input("x", unit).as("best");
    Value running =
        b.operation("cumulative_sum")
            .input(
                "x",
                b.binary(BinaryFunction.FLOOR_DIV, ids, b.indices("two", Shape.of(1), 2))
                    .as("half"))
            .as("running");
    Value total =
        b.operation("reduce")
            .input("x", running)
            .set("reduction", "sum")
            .set("dims", new long[] {1})
            .as("total");
    Value most =
        b.operation("reduce")
            .input("x", codes)
            .set("reduction", "max")
            .set("dims", new long[] {1, -1})
            .as("most", ElementType.F32);
    return b.output(best)
        .output(attended)
        .output(product)
        .output(padded)
        .output(most)
        .output(total)
        .output(unit)
        .output(first)
        .output(chosen)
        .output(numbers)
        .output("image", convolved)
        .output(remembered)
        .output("last", b.value("lstm.last"))
        .output(shared)
        .metadata("model", "every kind")
        .build();
  }

  private static Value remembered(ProgramBuilder b, Random random, Value x) {
    return b.operation("rnn")
        .input("x", gated(b, random, "gru", 3, gated(b, random, "lstm", 4, x)))
        .input("input_weights0", square(b, random, "rnn.input", 1))
        .input("hidden_weights0", square(b, random, "rnn.hidden", 1))
        .set("nonlinearity", "relu")
        .as("remembered");
  }

  /** Weights of `gates` gates of as many units as there are inputs. */
  private static Value square(ProgramBuilder b, Random random, String name, int gates) {
    int count = gates * WIDTH * WIDTH;
    return b.constant(
        name, Shape.of(gates * WIDTH, WIDTH), TestPrograms.floats(random, count, 0.5f));
  }

  /** A recurrent layer of [batch, tokens, width]; its last state is a value too. */
  private static Value gated(ProgramBuilder b, Random random, String kind, int gates, Value x) {
    return b.operation(kind)
        .input("x", x)
        .input("input_weights0", square(b, random, kind + ".input", gates))
        .input("hidden_weights0", square(b, random, kind + ".hidden", gates))
        .input(
            "input_bias0",
            b.constant(
                kind + ".bias",
                Shape.of(gates * WIDTH),
                TestPrograms.floats(random, gates * WIDTH, 1)))
        .set("batch_first", true)
        .output("h_n", kind + ".last", ElementType.F32, null)
        .as(kind);
  }

  private static Value byteTable(ProgramBuilder b) {
    byte[] reversed = new byte[256];
    for (int i = 0; i < reversed.length; i++) {
      reversed[i] = (byte) (255 - i);
    }
    return b.constant("reversed", ElementType.U8, Shape.of(256), null, reversed);
  }

  /** Inputs of two rows of three tokens. */
  public static Map<String, TensorData> inputs() {
    return Map.of(
        "ids", TensorData.of(new long[] {0, 3, 10, 4, 4, 1}, 2, 3),
        "mask", TensorData.of(new byte[] {1, 0, 1, 1, 1, 0}, 2, 3));
  }
}
