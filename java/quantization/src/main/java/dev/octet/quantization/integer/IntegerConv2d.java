// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.AlignedMemory;
import dev.octet.quantization.kernel.ConvolutionKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.module.Conv2dGeometry;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantConv2d;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A 2-D convolution in integers. Borders that are not zeros are put around the input first: they
 * repeat values of it, which are on its grid.
 */
final class IntegerConv2d extends IntegerProduct {
  private static final int IMAGES = 4;

  private final QuantConv2d layer;
  private final Conv2dGeometry geometry;
  private final long inChannels;
  private final long outChannels;

  IntegerConv2d(
      String path,
      QuantConv2d layer,
      InputGrid input,
      boolean checksInput,
      Shared<Workspaces> workspaces) {
    super(path, layer, layer.quantization(), input, checksInput, workspaces, layer.bias());
    this.layer = layer;
    geometry = Conv2dGeometry.of(layer.options());
    inChannels = layer.options().in_channels().get();
    outChannels = layer.options().out_channels().get();
  }

  private IntegerConv2d(
      IntegerConv2d original, QuantConv2d layer, LayerQuantization quantization, InputGrid input) {
    super(original, layer, quantization, input, layer.bias());
    this.layer = layer;
    geometry = original.geometry;
    inChannels = original.inChannels;
    outChannels = original.outChannels;
  }

  @Override
  public LayerExecution copyFor(Module copy, LayerQuantization quantization, CopyContext context) {
    return new IntegerConv2d(this, (QuantConv2d) copy, quantization, input().copyFor(context));
  }

  @Override
  AlignedMemory prepare() {
    try (Tensor weight = layer.weight();
        Codes codes = Codes.of(weightQuantizer(), weight)) {
      var window =
          new ConvolutionKernels.Window(
              geometry.stride(),
              geometry.zeros(weight.size(2), weight.size(3)),
              geometry.dilation(),
              geometry.groups());
      return ConvolutionKernels.pack(codes.tensor(), codes.grid(), codes.fourBits(), window);
    }
  }

  @Override
  Tensor compute(Tensor x, AlignedMemory weight) {
    int dims = (int) x.dim();
    if ((dims != IMAGES && dims != IMAGES - 1) || x.size(dims - 3) != inChannels) {
      throw wrongShape(x, "[N, " + inChannels + ", H, W] or [" + inChannels + ", H, W]");
    }
    // Before the border, which costs more and changes nothing about it.
    var grid = checkedGrid(x);
    Tensor images = geometry.borderMode() == null ? x : bordered(x);
    AlignedMemory workspace = null;
    Tensor out = null;
    try {
      out = output(x, images, weight);
      workspace = takeWorkspace(ConvolutionKernels.workspaceBytes(images, weight));
      ConvolutionKernels.conv2d(images, grid, weight, bias(), null, out, workspace);
      return out;
    } catch (RuntimeException | Error e) {
      if (out != null) {
        out.close();
      }
      throw e;
    } finally {
      if (workspace != null) {
        give(workspace);
      }
      if (images != x) {
        images.close();
      }
    }
  }

  private Tensor bordered(Tensor x) {
    try (DoubleOptional none = new DoubleOptional()) {
      return torch.pad(x, geometry.border(), geometry.borderMode(), none);
    }
  }

  /** Makes the output in the order of dimensions in memory that the input has, as libtorch does. */
  private Tensor output(Tensor x, Tensor images, AlignedMemory weight) {
    int dims = (int) x.dim();
    long[] size = ConvolutionKernels.outSize(weight, images.size(dims - 2), images.size(dims - 1));
    if (dims == IMAGES - 1) {
      return Tensors.empty(ScalarType.Float, outChannels, size[0], size[1]);
    }
    boolean channelsLast = !x.is_contiguous() && x.is_contiguous(MemoryFormat.ChannelsLast);
    if (!channelsLast) {
      return Tensors.empty(ScalarType.Float, x.size(0), outChannels, size[0], size[1]);
    }
    try (Tensor lastly =
        Tensors.empty(ScalarType.Float, x.size(0), size[0], size[1], outChannels)) {
      return lastly.permute(0, 3, 1, 2);
    }
  }
}
