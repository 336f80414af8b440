// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.AlignedMemory;
import dev.octet.quantization.kernel.ProductKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A linear layer in integers. */
final class IntegerLinear extends IntegerProduct {
  /** The least scale of a row that is quantized as it comes. */
  private static final float DYNAMIC_EPS = 1e-8f;

  private final QuantLinear layer;
  private final int dynamicBits;
  private final long inFeatures;
  private final long outFeatures;

  /**
   * Makes a layer.
   *
   * @param input null: rows are quantized as they come
   * @param dynamicBits of the grids of such rows
   */
  IntegerLinear(
      String path,
      QuantLinear layer,
      InputGrid input,
      int dynamicBits,
      boolean checksInput,
      Shared<Workspaces> workspaces) {
    super(path, layer, layer.quantization(), input, checksInput, workspaces, layer.bias());
    this.layer = layer;
    this.dynamicBits = dynamicBits;
    inFeatures = layer.options().in_features().get();
    outFeatures = layer.options().out_features().get();
  }

  private IntegerLinear(
      IntegerLinear original, QuantLinear layer, LayerQuantization quantization, InputGrid input) {
    super(original, layer, quantization, input, layer.bias());
    this.layer = layer;
    dynamicBits = original.dynamicBits;
    inFeatures = original.inFeatures;
    outFeatures = original.outFeatures;
  }

  @Override
  public LayerExecution copyFor(Module copy, LayerQuantization quantization, CopyContext context) {
    return new IntegerLinear(
        this, (QuantLinear) copy, quantization, input() == null ? null : input().copyFor(context));
  }

  @Override
  AlignedMemory prepare() {
    try (Tensor weight = layer.weight();
        Codes codes = Codes.of(weightQuantizer(), weight)) {
      return ProductKernels.pack(codes.tensor(), codes.grid(), codes.fourBits());
    }
  }

  @Override
  Tensor compute(Tensor x, AlignedMemory weight) {
    int dims = (int) x.dim();
    if (dims == 0 || x.size(dims - 1) != inFeatures) {
      throw wrongShape(x, "[*, " + inFeatures + "]");
    }
    Tensor rows = isMatrix(x, dims) ? x : x.contiguous();
    AlignedMemory workspace = null;
    Tensor out = null;
    try {
      long[] shape = Tensors.shape(x);
      shape[dims - 1] = outFeatures;
      out = Tensors.empty(ScalarType.Float, shape);
      workspace = takeWorkspace(ProductKernels.workspaceBytes(rows, weight));
      if (input() == null) {
        ProductKernels.gemmDynamic(rows, dynamicBits, DYNAMIC_EPS, weight, bias(), out, workspace);
      } else {
        ProductKernels.gemm(rows, checkedGrid(rows), weight, bias(), null, out, workspace);
      }
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
      if (rows != x) {
        rows.close();
      }
    }
  }

  /** Tells whether the rows lie at one distance from each other, without gaps inside. */
  private static boolean isMatrix(Tensor x, int dims) {
    return x.is_contiguous()
        || (dims == 2 && (x.stride(1) == 1 || x.size(1) == 1) && x.stride(0) >= x.size(1));
  }
}
