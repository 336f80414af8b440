// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.input;

import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.ConstantPad1dImpl;
import org.bytedeco.pytorch.ConstantPad1dOptions;
import org.bytedeco.pytorch.ConstantPad2dImpl;
import org.bytedeco.pytorch.ConstantPad2dOptions;
import org.bytedeco.pytorch.ConstantPad3dImpl;
import org.bytedeco.pytorch.ConstantPad3dOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReflectionPad1dImpl;
import org.bytedeco.pytorch.ReflectionPad2dImpl;
import org.bytedeco.pytorch.ReflectionPad3dImpl;
import org.bytedeco.pytorch.ReplicationPad1dImpl;
import org.bytedeco.pytorch.ReplicationPad2dImpl;
import org.bytedeco.pytorch.ReplicationPad3dImpl;
import org.bytedeco.pytorch.ZeroPad1dImpl;
import org.bytedeco.pytorch.ZeroPad2dImpl;
import org.bytedeco.pytorch.ZeroPad3dImpl;

/** Padding layers. */
final class PaddingLayers {

  private static final String CONSTANT = "constant";

  private PaddingLayers() {}

  static void register(Map<String, Family> families) {
    zeros(families, 1, ZeroPad1dImpl::new);
    zeros(families, 2, ZeroPad2dImpl::new);
    zeros(families, 3, ZeroPad3dImpl::new);
    border(families, "ReflectionPad", "reflect", 1, ReflectionPad1dImpl::new);
    border(families, "ReflectionPad", "reflect", 2, ReflectionPad2dImpl::new);
    border(families, "ReflectionPad", "reflect", 3, ReflectionPad3dImpl::new);
    border(families, "ReplicationPad", "replicate", 1, ReplicationPad1dImpl::new);
    border(families, "ReplicationPad", "replicate", 2, ReplicationPad2dImpl::new);
    border(families, "ReplicationPad", "replicate", 3, ReplicationPad3dImpl::new);
    constant(families, 1, PaddingLayers::constantPad1d);
    constant(families, 2, PaddingLayers::constantPad2d);
    constant(families, 3, PaddingLayers::constantPad3d);
  }

  private static void zeros(
      Map<String, Family> families, int dims, Function<LongPointer, Module> constructor) {
    families.put(
        "padding.ZeroPad" + dims + "d",
        recording -> {
          Padding padding = padding(recording, dims, CONSTANT);
          equal(padding.value(), 0.0, "padding value");
          return blueprint(padding, constructor);
        });
  }

  private static void border(
      Map<String, Family> families,
      String name,
      String mode,
      int dims,
      Function<LongPointer, Module> constructor) {
    families.put(
        "padding." + name + dims + "d",
        recording -> blueprint(padding(recording, dims, mode), constructor));
  }

  private static void constant(
      Map<String, Family> families, int dims, BiFunction<LongPointer, Double, Module> constructor) {
    families.put(
        "padding.ConstantPad" + dims + "d",
        recording -> {
          Padding padding = padding(recording, dims, CONSTANT);
          return blueprint(padding, widths -> constructor.apply(widths, padding.value()));
        });
  }

  private static Padding padding(Recording recording, int dims, String mode) {
    Padding padding = Padding.of(recording.value(1, dims + 2), dims);
    input(padding.of(), 0);
    equal(padding.mode(), mode, "padding mode");
    return padding;
  }

  private static Blueprint blueprint(Padding padding, Function<LongPointer, Module> constructor) {
    return Blueprint.of(
        List.of(padding),
        () -> {
          try (LongPointer widths = Shapes.pointer(padding.widths())) {
            return constructor.apply(widths);
          }
        });
  }

  private static Module constantPad1d(LongPointer widths, double value) {
    try (ConstantPad1dOptions options = new ConstantPad1dOptions(widths, value)) {
      return new ConstantPad1dImpl(options);
    }
  }

  private static Module constantPad2d(LongPointer widths, double value) {
    try (ConstantPad2dOptions options = new ConstantPad2dOptions(widths, value)) {
      return new ConstantPad2dImpl(options);
    }
  }

  private static Module constantPad3d(LongPointer widths, double value) {
    try (ConstantPad3dOptions options = new ConstantPad3dOptions(widths, value)) {
      return new ConstantPad3dImpl(options);
    }
  }
}
