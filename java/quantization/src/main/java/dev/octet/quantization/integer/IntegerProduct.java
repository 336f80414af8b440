// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.AlignedMemory;
import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.module.LayerQuantization;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** A layer that multiplies an input on a grid with a packed weight. */
abstract class IntegerProduct extends IntegerLayer<AlignedMemory> {
  private final InputGrid input;
  private final boolean checksInput;
  private final Shared<Workspaces> workspaces;
  private final Tensor bias;

  /**
   * Makes a layer.
   *
   * @param input null: none, which is for the layer to handle
   * @param workspaces of the model; the layer becomes one more of the holders
   * @param bias taken over; undefined: none
   */
  IntegerProduct(
      String path,
      Module module,
      LayerQuantization quantization,
      InputGrid input,
      boolean checksInput,
      Shared<Workspaces> workspaces,
      Tensor bias) {
    super(path, module, quantization);
    this.input = input;
    this.checksInput = checksInput;
    this.workspaces = workspaces.hold();
    this.bias = kept(bias);
  }

  IntegerProduct(
      IntegerProduct original,
      Module module,
      LayerQuantization quantization,
      InputGrid input,
      Tensor bias) {
    super(original, module, quantization);
    this.input = input;
    checksInput = original.checksInput;
    workspaces = original.workspaces.hold();
    this.bias = kept(bias);
  }

  /** Returns the grid of the input; null if there is none. */
  final InputGrid input() {
    return input;
  }

  /** Returns the bias, or null. Borrowed. */
  final Tensor bias() {
    return bias;
  }

  /** Returns the input's grid after checking, if that is wanted, that the input is on it. */
  final Grid checkedGrid(Tensor x) {
    Grid grid = input.of(x);
    if (checksInput) {
      input.require(x, grid, path());
    }
    return grid;
  }

  final AlignedMemory takeWorkspace(long bytes) {
    return workspaces.value().take(bytes);
  }

  final void give(AlignedMemory workspace) {
    workspaces.value().give(workspace);
  }

  @Override
  final long bytes(AlignedMemory weight) {
    return weight.bytes();
  }

  @Override
  final void requireType(Tensor x) {
    requireFloats(x);
  }

  @Override
  public final void close() {
    super.close();
    workspaces.release();
    if (bias != null) {
      bias.close();
    }
  }
}
