// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.RowKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantEmbedding;
import dev.octet.quantization.tree.CopyContext;
import java.util.Arrays;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** An embedding whose table is codes. */
final class IntegerEmbedding extends IntegerLayer<IntegerEmbedding.Table> {
  private final QuantEmbedding layer;
  private final long width;

  IntegerEmbedding(String path, QuantEmbedding layer) {
    super(path, layer, layer.quantization());
    this.layer = layer;
    width = layer.options().embedding_dim().get();
  }

  private IntegerEmbedding(
      IntegerEmbedding original, QuantEmbedding layer, LayerQuantization quantization) {
    super(original, layer, quantization);
    this.layer = layer;
    width = original.width;
  }

  /** A table of codes, and its own copy of their grid. */
  record Table(Tensor rows, boolean fourBits, Grid grid) implements AutoCloseable {
    static Table of(Codes codes) {
      Tensor rows =
          codes.fourBits() ? RowKernels.packHalfBytes(codes.tensor()) : codes.tensor().contiguous();
      Grid grid = codes.grid();
      return new Table(
          kept(rows),
          codes.fourBits(),
          new Grid(
              copy(grid.delta()),
              grid.zeroFloat() == null ? null : copy(grid.zeroFloat()),
              grid.intMin(),
              grid.intMax(),
              grid.logDomain(),
              grid.eps(),
              grid.axis()));
    }

    private static Tensor copy(Tensor tensor) {
      try (Tensor detached = tensor.detach()) {
        return kept(detached.clone());
      }
    }

    @Override
    public void close() {
      rows.close();
      grid.delta().close();
      if (grid.zeroFloat() != null) {
        grid.zeroFloat().close();
      }
    }
  }

  @Override
  public LayerExecution copyFor(Module copy, LayerQuantization quantization, CopyContext context) {
    return new IntegerEmbedding(this, (QuantEmbedding) copy, quantization);
  }

  @Override
  Table prepare() {
    try (Tensor weight = layer.weight();
        Codes codes = Codes.of(weightQuantizer(), weight)) {
      return Table.of(codes);
    }
  }

  @Override
  long bytes(Table table) {
    return table.rows().nbytes();
  }

  @Override
  void requireType(Tensor indices) {
    requireScalarType(indices, "Int or Long", ScalarType.Long, ScalarType.Int);
  }

  @Override
  Tensor compute(Tensor indices, Table table) {
    long[] shape = Tensors.shape(indices);
    long[] outShape = Arrays.copyOf(shape, shape.length + 1);
    outShape[shape.length] = width;
    Tensor out = Tensors.empty(ScalarType.Float, outShape);
    try {
      RowKernels.embedding(table.rows(), table.fourBits(), table.grid(), indices, out);
      return out;
    } catch (RuntimeException | Error e) {
      out.close();
      throw e;
    }
  }
}
