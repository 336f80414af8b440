// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.numbers;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.FlattenImpl;
import org.bytedeco.pytorch.FlattenOptions;
import org.bytedeco.pytorch.FoldImpl;
import org.bytedeco.pytorch.FoldOptions;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.PixelShuffleImpl;
import org.bytedeco.pytorch.PixelShuffleOptions;
import org.bytedeco.pytorch.PixelUnshuffleImpl;
import org.bytedeco.pytorch.PixelUnshuffleOptions;
import org.bytedeco.pytorch.UnflattenImpl;
import org.bytedeco.pytorch.UnflattenOptions;
import org.bytedeco.pytorch.UnfoldImpl;
import org.bytedeco.pytorch.UnfoldOptions;

/** Layers that only put elements elsewhere, or sum them up there. */
final class ShapeLayers {

  private static final int IMAGE = 2;

  private ShapeLayers() {}

  static void register(Map<String, Family> families) {
    families.put("flatten.Flatten", ShapeLayers::flatten);
    families.put("flatten.Unflatten", ShapeLayers::unflatten);
    families.put("pixelshuffle.PixelShuffle", ShapeLayers::pixelShuffle);
    families.put("pixelshuffle.PixelUnshuffle", ShapeLayers::pixelUnshuffle);
    families.put("fold.Fold", ShapeLayers::fold);
    families.put("fold.Unfold", ShapeLayers::unfold);
  }

  private static Apply onInput(Recording recording, String operator) {
    Apply call = call(recording.value(1), operator);
    input(call.argument(0), 0);
    return call;
  }

  private static Blueprint flatten(Recording recording) {
    Apply flatten = onInput(recording, "aten::flatten");
    long start = number(flatten.argument(1), "first dimension");
    long end = number(flatten.argument(2), "last dimension");
    return Blueprint.of(
        List.of(start, end),
        () -> {
          try (FlattenOptions options = new FlattenOptions()) {
            options.start_dim().put(start);
            options.end_dim().put(end);
            return new FlattenImpl(options);
          }
        });
  }

  private static Blueprint unflatten(Recording recording) {
    Apply unflatten = onInput(recording, "aten::unflatten");
    long dim = number(unflatten.argument(1), "dimension");
    if (!(unflatten.argument(2) instanceof List<?> given) || given.isEmpty()) {
      throw new Unrecognized("has no sizes");
    }
    List<Long> sizes = numbers(given, given.size(), "sizes");
    return Blueprint.of(
        List.of(dim, sizes),
        () -> {
          try (LongVector vector = Shapes.vector(sizes);
              UnflattenOptions options = new UnflattenOptions(dim, vector)) {
            return new UnflattenImpl(options);
          }
        });
  }

  private static Blueprint pixelShuffle(Recording recording) {
    long factor = number(onInput(recording, "aten::pixel_shuffle").argument(1), "factor");
    return Blueprint.of(
        List.of(factor),
        () -> {
          try (PixelShuffleOptions options = new PixelShuffleOptions(factor)) {
            return new PixelShuffleImpl(options);
          }
        });
  }

  private static Blueprint pixelUnshuffle(Recording recording) {
    long factor = number(onInput(recording, "aten::pixel_unshuffle").argument(1), "factor");
    return Blueprint.of(
        List.of(factor),
        () -> {
          try (PixelUnshuffleOptions options = new PixelUnshuffleOptions(factor)) {
            return new PixelUnshuffleImpl(options);
          }
        });
  }

  private static Blueprint fold(Recording recording) {
    Apply fold = onInput(recording, "aten::col2im");
    List<Long> output = numbers(fold.argument(1), IMAGE, "output size");
    Windows windows = Windows.of(fold, 2);
    return Blueprint.of(
        List.of(output, windows),
        () -> {
          try (LongPointer size = Shapes.pointer(output);
              LongPointer kernel = Shapes.pointer(windows.kernel());
              FoldOptions options = new FoldOptions(size, kernel)) {
            options.dilation().put(Shapes.array(windows.dilation()));
            options.padding().put(Shapes.array(windows.padding()));
            options.stride().put(Shapes.array(windows.stride()));
            return new FoldImpl(options);
          }
        });
  }

  private static Blueprint unfold(Recording recording) {
    Windows windows = Windows.of(onInput(recording, "aten::im2col"), 1);
    return Blueprint.of(
        List.of(windows),
        () -> {
          try (LongPointer kernel = Shapes.pointer(windows.kernel());
              UnfoldOptions options = new UnfoldOptions(kernel)) {
            options.dilation().put(Shapes.array(windows.dilation()));
            options.padding().put(Shapes.array(windows.padding()));
            options.stride().put(Shapes.array(windows.stride()));
            return new UnfoldImpl(options);
          }
        });
  }

  /** Where the windows of an image are. */
  private record Windows(
      List<Long> kernel, List<Long> dilation, List<Long> padding, List<Long> stride) {

    /** Read the arguments from one position on. */
    static Windows of(Apply call, int from) {
      return new Windows(
          numbers(call.argument(from), IMAGE, "kernel"),
          numbers(call.argument(from + 1), IMAGE, "dilation"),
          numbers(call.argument(from + 2), IMAGE, "padding"),
          numbers(call.argument(from + 3), IMAGE, "stride"));
    }
  }
}
