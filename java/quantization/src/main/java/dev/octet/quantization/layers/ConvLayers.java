// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.own;
import static dev.octet.quantization.layers.Match.ownOrNone;

import dev.octet.quantization.layers.Term.Apply;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;

/** Convolutions and transposed convolutions, with padding of any kind. */
final class ConvLayers {

  private static final String ZEROS = "zeros";
  private static final Set<String> BORDERS = Set.of("reflect", "replicate", "circular");

  private ConvLayers() {}

  static void register(Map<String, Family> families) {
    add(families, 1, ConvModules::conv1d, ConvModules::convTranspose1d);
    add(families, 2, ConvModules::conv2d, ConvModules::convTranspose2d);
    add(families, 3, ConvModules::conv3d, ConvModules::convTranspose3d);
  }

  private static void add(
      Map<String, Family> families,
      int dims,
      Function<ConvArguments, Module> conv,
      Function<ConvArguments, Module> transposed) {
    families.put(
        "conv.Conv" + dims + "d",
        recording -> blueprint(recording, convolution(recording, dims), conv));
    families.put(
        "conv.ConvTranspose" + dims + "d",
        recording -> blueprint(recording, transposed(recording, dims), transposed));
  }

  private static Blueprint blueprint(
      Recording recording, ConvArguments arguments, Function<ConvArguments, Module> maker) {
    if (arguments.bias()) {
      recording.requireShape("bias", arguments.out());
    }
    return Blueprint.of(List.of(arguments), () -> maker.apply(arguments))
        .withParameter("weight", true)
        .withParameter("bias", arguments.bias());
  }

  private static ConvArguments convolution(Recording recording, int dims) {
    Apply conv =
        call(
            recording.value(1, dims + 2),
            "aten::conv" + dims + "d",
            "aten::_convolution",
            "aten::convolution",
            "aten::_convolution_mode");
    own(conv.argument(1), "weight");
    boolean bias = ownOrNone(conv.argument(2), "bias");
    boolean general = conv.operator.endsWith("convolution");
    if (general) {
      equal(flag(conv.argument(6), "transposed"), false, "transposed");
    }
    List<Long> shape = recording.shape("weight", dims + 2);
    List<Long> kernel = shape.subList(2, shape.size());
    List<Long> dilation = numbers(conv.argument(5), dims, "dilation");
    long groups = number(conv.argument(general ? 8 : 6), "groups");
    Border border = border(conv, dims, kernel, dilation);
    return new ConvArguments(
        shape.get(1) * groups,
        shape.get(0),
        kernel,
        numbers(conv.argument(3), dims, "stride"),
        border.padding(),
        border.name(),
        List.of(),
        dilation,
        groups,
        border.mode(),
        bias);
  }

  /** What the input is padded with before or in the convolution. */
  private static Border border(Apply conv, int dims, List<Long> kernel, List<Long> dilation) {
    Object padding = conv.argument(4);
    if (!(conv.argument(0) instanceof Apply pad)) {
      input(conv.argument(0), 0);
      return padding instanceof String name
          ? new Border(null, name, ZEROS)
          : new Border(numbers(padding, dims, "padding"), null, ZEROS);
    }
    equal(numbers(padding, dims, "padding"), Collections.nCopies(dims, 0L), "padding");
    Padding recorded = Padding.of(pad, dims);
    input(recorded.of(), 0);
    if (!BORDERS.contains(recorded.mode())) {
      throw new Unrecognized("pads with " + recorded.mode() + " values");
    }
    List<Long> before = new ArrayList<>();
    Set<List<Long>> sides = new HashSet<>();
    boolean same = true;
    for (int i = 0; i < dims; i++) {
      // torch's pad counts dimensions from the last.
      long left = recorded.widths().get(2 * (dims - 1 - i));
      long right = recorded.widths().get(2 * (dims - 1 - i) + 1);
      long total = dilation.get(i) * (kernel.get(i) - 1);
      before.add(left);
      sides.add(List.of(left, right));
      same &= left == total / 2 && right == total - total / 2;
    }
    if (sides.stream().allMatch(side -> side.get(0).equals(side.get(1)))) {
      return new Border(List.copyOf(before), null, recorded.mode());
    }
    // libtorch confuses the dimensions where they are padded differently by name.
    if (!same || sides.size() > 1) {
      throw new Unrecognized("pads its two sides differently");
    }
    return new Border(null, "same", recorded.mode());
  }

  private static ConvArguments transposed(Recording recording, int dims) {
    Apply conv =
        call(
            recording.value(1, dims + 2),
            "aten::conv_transpose" + dims + "d",
            "aten::_convolution",
            "aten::convolution");
    input(conv.argument(0), 0);
    own(conv.argument(1), "weight");
    boolean bias = ownOrNone(conv.argument(2), "bias");
    boolean general = conv.operator.endsWith("convolution");
    if (general) {
      equal(flag(conv.argument(6), "transposed"), true, "transposed");
    }
    List<Long> shape = recording.shape("weight", dims + 2);
    long groups = number(conv.argument(general ? 8 : 6), "groups");
    return new ConvArguments(
        shape.get(0),
        shape.get(1) * groups,
        shape.subList(2, shape.size()),
        numbers(conv.argument(3), dims, "stride"),
        numbers(conv.argument(4), dims, "padding"),
        null,
        numbers(conv.argument(general ? 7 : 5), dims, "output padding"),
        numbers(conv.argument(general ? 5 : 7), dims, "dilation"),
        groups,
        ZEROS,
        bias);
  }

  /** How the border is made: numbers or a name, and what is put there. */
  private record Border(List<Long> padding, String name, String mode) {}
}
