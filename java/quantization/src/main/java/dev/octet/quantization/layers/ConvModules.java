// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.function.Consumer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv1dOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.Conv3dImpl;
import org.bytedeco.pytorch.Conv3dOptions;
import org.bytedeco.pytorch.ConvPaddingMode;
import org.bytedeco.pytorch.ConvTranspose1dImpl;
import org.bytedeco.pytorch.ConvTranspose1dOptions;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose2dOptions;
import org.bytedeco.pytorch.ConvTranspose3dImpl;
import org.bytedeco.pytorch.ConvTranspose3dOptions;
import org.bytedeco.pytorch.kCircular;
import org.bytedeco.pytorch.kReflect;
import org.bytedeco.pytorch.kReplicate;
import org.bytedeco.pytorch.kSame;
import org.bytedeco.pytorch.kValid;

/**
 * Makes the presets' convolutions. They begin with one channel a group, so that no large weight is
 * drawn at random, and get their numbers of channels afterwards.
 */
final class ConvModules {

  private ConvModules() {}

  static Conv1dImpl conv1d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        Conv1dOptions options = new Conv1dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      mode(a, options.padding_mode());
      padding(a, options.padding()::put, options.padding()::put, options.padding()::put);
      Conv1dImpl made = new Conv1dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  static Conv2dImpl conv2d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        Conv2dOptions options = new Conv2dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      mode(a, options.padding_mode());
      padding(a, options.padding()::put, options.padding()::put, options.padding()::put);
      Conv2dImpl made = new Conv2dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  static Conv3dImpl conv3d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        Conv3dOptions options = new Conv3dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      mode(a, options.padding_mode());
      padding(a, options.padding()::put, options.padding()::put, options.padding()::put);
      Conv3dImpl made = new Conv3dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  static ConvTranspose1dImpl convTranspose1d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        ConvTranspose1dOptions options =
            new ConvTranspose1dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.padding().put(Shapes.array(a.padding()));
      options.output_padding().put(Shapes.array(a.outputPadding()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      ConvTranspose1dImpl made = new ConvTranspose1dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  static ConvTranspose2dImpl convTranspose2d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        ConvTranspose2dOptions options =
            new ConvTranspose2dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.padding().put(Shapes.array(a.padding()));
      options.output_padding().put(Shapes.array(a.outputPadding()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      ConvTranspose2dImpl made = new ConvTranspose2dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  static ConvTranspose3dImpl convTranspose3d(ConvArguments a) {
    try (LongPointer kernel = Shapes.pointer(a.kernel());
        ConvTranspose3dOptions options =
            new ConvTranspose3dOptions(a.groups(), a.groups(), kernel)) {
      options.stride().put(Shapes.array(a.stride()));
      options.dilation().put(Shapes.array(a.dilation()));
      options.padding().put(Shapes.array(a.padding()));
      options.output_padding().put(Shapes.array(a.outputPadding()));
      options.groups().put(a.groups());
      options.bias().put(a.bias());
      ConvTranspose3dImpl made = new ConvTranspose3dImpl(options);
      made.options().in_channels().put(a.in());
      made.options().out_channels().put(a.out());
      return made;
    }
  }

  private static void mode(ConvArguments a, ConvPaddingMode mode) {
    switch (a.mode()) {
      case "reflect" -> mode.put(new kReflect());
      case "replicate" -> mode.put(new kReplicate());
      case "circular" -> mode.put(new kCircular());
      default -> {}
    }
  }

  private static void padding(
      ConvArguments a,
      Consumer<LongPointer> numbers,
      Consumer<kSame> same,
      Consumer<kValid> valid) {
    if (a.paddingName() == null) {
      try (LongPointer padding = Shapes.pointer(a.padding())) {
        numbers.accept(padding);
      }
    } else if (a.paddingName().equals("same")) {
      same.accept(new kSame());
    } else if (a.paddingName().equals("valid")) {
      valid.accept(new kValid());
    } else {
      throw new Unrecognized("has the padding '" + a.paddingName() + "'");
    }
  }
}
