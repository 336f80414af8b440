// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.bytedeco.pytorch.global.torch.empty_like;
import static org.bytedeco.pytorch.global.torch.fake_quantize_per_channel_affine;
import static org.bytedeco.pytorch.global.torch.fake_quantize_per_tensor_affine;
import static org.bytedeco.pytorch.global.torch.fake_quantize_per_tensor_affine_cachemask_out;
import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.quantizer.AsymmetricUniformQuantizer;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.QuantizerOptions;
import dev.octet.quantization.quantizer.SymmetricUniformQuantizer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Fake quantization of 8 bits, the call with the allocation of its output as a model makes it,
 * beside libtorch's own operators; and the kernel alone beside libtorch's copy of the same tensor.
 */
final class FakeQuantSuite extends TensorSuite {
  static final String NAME = "fake-quant";

  private static final String TORCH = "libtorch fake_quantize";
  private static final double F32_BYTES = 8;
  private static final int CHANNELS = 256;

  FakeQuantSuite() {
    super(NAME);
    for (long elements : new long[] {1 << 10, 1 << 16, 1 << 20, 1 << 24}) {
      perTensor(elements);
      perChannel(elements);
    }
    for (long elements : new long[] {1 << 20, 1 << 24}) {
      kernelBesideKernel(elements);
      kernelBesideCopy(elements);
    }
  }

  private void perTensor(long elements) {
    Tensor x = own(randn(elements));
    Quantizer quantizer = own(new AsymmetricUniformQuantizer(QuantizerOptions.ofBits(8)));
    quantizer.setQuantRange(-3, 3);
    double scale = scalar(quantizer.scale());
    long zeroPoint = (long) scalar(quantizer.zeroPoint());
    add(
        Comparison.bandwidth(
            "per tensor, f32, " + size(elements),
            F32_BYTES * elements,
            call(() -> quantizer.forward(x)),
            TORCH + "_per_tensor_affine",
            call(() -> fake_quantize_per_tensor_affine(x, scale, zeroPoint, 0, 255))));
  }

  private void perChannel(long elements) {
    long channels = Math.min(CHANNELS, elements / 4);
    Tensor x = own(randn(channels, elements / channels));
    Quantizer quantizer =
        own(new SymmetricUniformQuantizer(QuantizerOptions.ofBits(8).withPerChannel(true)));
    try (Tensor least = x.amin(new long[] {1}, false);
        Tensor greatest = x.amax(new long[] {1}, false)) {
      quantizer.setQuantRange(least, greatest);
    }
    Tensor scale = own(quantizer.scale());
    Tensor zeroPoint = own(quantizer.zeroPoint().to(ScalarType.Int));
    add(
        Comparison.bandwidth(
            "per channel (" + channels + "), f32, " + size(elements),
            F32_BYTES * elements,
            call(() -> quantizer.forward(x)),
            TORCH + "_per_channel_affine",
            call(() -> fake_quantize_per_channel_affine(x, scale, zeroPoint, 0, -128, 127))));
  }

  private void kernelBesideKernel(long elements) {
    Tensor x = own(randn(elements));
    Tensor out = own(empty_like(x));
    Tensor mask = own(x.gt(new Scalar(0)));
    Tensor peerOut = own(empty_like(x));
    Grid grid = symmetricGrid();
    double scale = grid.delta().item_double();
    add(
        Comparison.bandwidth(
            "kernel beside kernel, f32, " + size(elements),
            F32_BYTES * elements,
            () -> QuantizeKernels.fakeQuantize(grid, x, out),
            TORCH + "_per_tensor_affine_cachemask.out",
            () ->
                fake_quantize_per_tensor_affine_cachemask_out(peerOut, mask, x, scale, 0, -128, 127)
                    .close()));
  }

  private void kernelBesideCopy(long elements) {
    Tensor x = own(randn(elements));
    Tensor out = own(empty_like(x));
    Grid grid = symmetricGrid();
    add(
        Comparison.bandwidth(
            "kernel beside copy, f32, " + size(elements),
            F32_BYTES * elements,
            () -> QuantizeKernels.fakeQuantize(grid, x, out),
            "libtorch copy_",
            () -> out.copy_(x)));
  }

  private Grid symmetricGrid() {
    Quantizer quantizer = own(new SymmetricUniformQuantizer(QuantizerOptions.ofBits(8)));
    quantizer.setQuantRange(-3, 3);
    return new Grid(
        quantizer.delta(), null, quantizer.intMin(), quantizer.intMax(), false, 1e-8f, -1);
  }

  private static double scalar(Tensor tensor) {
    try (tensor) {
      return tensor.item_double();
    }
  }
}
