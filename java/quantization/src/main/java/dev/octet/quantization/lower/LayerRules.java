// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.module.QuantizedModule;
import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Layers with weights. */
final class LayerRules {
  /** Of activations that are quantized row by row. */
  private static final int DYNAMIC_BITS = 8;

  private LayerRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put(
        "aten::linear", call -> linear(call, null, weights(call, 1, "weight"), bias(call, 2)));
    rules.put("aten::addmm", LayerRules::addmm);
    rules.put("aten::layer_norm", LayerRules::layerNorm);
    rules.put("aten::rms_norm", LayerRules::rmsNorm);
    rules.put("aten::batch_norm", LayerRules::batchNorm);
    rules.put("aten::embedding", LayerRules::embedding);
  }

  static Tensor constant(Call call, int index, String what) {
    if (call.argument(index) instanceof ConstantTensor constant) {
      return constant.tensor();
    }
    throw new UnsupportedOperator("its " + what + " is computed; programs take constants for it");
  }

  static Weights weights(Call call, int index, String what) {
    return new Weights(null, constant(call, index, what), call.name() + "." + what);
  }

  static DraftValue bias(Call call, int index) {
    return call.isNone(index)
        ? null
        : call.constants().of((ConstantTensor) call.argument(index), call.runs());
  }

  private static Object addmm(Call call) {
    boolean plain = call.number(3, 1) == 1 && call.number(4, 1) == 1;
    boolean vector =
        call.argument(0) instanceof ConstantTensor constant && constant.tensor().dim() == 1;
    if (!plain || !vector || !(call.argument(2) instanceof ConstantTensor)) {
      return ProductRules.addedProduct(call);
    }
    return linear(call, 1, 2, bias(call, 0));
  }

  /** Lowers a product with a constant [K, N]. */
  static DraftValue linear(Call call, int x, int columns, DraftValue bias) {
    try (Tensor transposed = constant(call, columns, "second matrix").t();
        Tensor rows = transposed.contiguous()) {
      Weights weights = new Weights(null, rows, call.name() + ".weight");
      return linear(
          call.with(call.origin(), call.arguments().subList(x, x + 1)), null, weights, bias);
    }
  }

  /** Lowers {@code x W^T + b}, with the output's quantizer if the module has one. */
  static DraftValue linear(Call call, QuantizedModule module, Weights weights, DraftValue bias) {
    DraftValue x = call.real(0);
    String name = ActivationQuantization.nameBefore(call, module);
    boolean dynamic = !x.isOnGrid() && weights.isInteger() && call.draft().dynamicActivations();
    DraftOperation operation =
        call.operation(x.isOnGrid() && weights.isInteger() || dynamic ? "linear" : "linear_float")
            .input("x", x)
            .input("bias", bias);
    giveWeights(call, operation, weights);
    if (dynamic) {
      operation
          .set("dynamic_bits", (long) DYNAMIC_BITS)
          .reason(
              "its input is on no grid and is rounded to "
                  + DYNAMIC_BITS
                  + " bits row by row, as LoweringOptions.dynamicActivations() allows; the simulated"
                  + " model does not do that");
    } else if (operation.is("linear_float")) {
      explainFloat(call, operation, x, weights);
    }
    DraftValue out = call.finish(operation, name, ElementType.F32, null, call.sizes());
    return module == null ? out : ActivationQuantization.output(call, module, out);
  }

  /** Adds weights as codes if they are on a grid, else as floats. */
  static void giveWeights(Call call, DraftOperation operation, Weights weights) {
    if (!weights.isInteger()) {
      operation.input("weights", weights.floats(call));
      return;
    }
    DraftValue codes = weights.codes(call);
    operation.input("weights", codes);
    // Convolutions in floats make floats of codes when they are packed, whatever their bits.
    if (!operation.is("conv2d_float")) {
      operation.set("weight_bits", Weights.storedBits(codes));
    }
  }

  /** Says why a layer runs in floats, and what to change. */
  static void explainFloat(Call call, DraftOperation operation, DraftValue x, Weights weights) {
    String path = call.origin().path();
    if (!weights.isInteger()) {
      operation
          .reason(weights.whyFloat())
          .advise("give the weight of '" + path + "' a quantizer of 2 to 8 bits");
    }
    if (!x.isOnGrid()) {
      String before = GridAdvice.quantizableBefore(call.draft(), x);
      operation
          .reason("input of '" + path + "' is on no grid")
          .advise(
              "add an input quantizer at '"
                  + path
                  + "'"
                  + (before == null ? "" : ", or quantize the activations of '" + before + "'"));
    }
  }

  private static DraftValue layerNorm(Call call) {
    int dims = call.list(1).size();
    return norm(call, "layer_norm", null, dims, bias(call, 2), bias(call, 3), call.number(4, 1e-5));
  }

  private static DraftValue batchNorm(Call call) {
    if (call.flag(5)) {
      throw new UnsupportedOperator("it normalizes by each batch", "call eval() before lowering");
    }
    try (Tensor none = new Tensor()) {
      return ModuleRules.normalization(
          call,
          call.isNone(1) ? none : constant(call, 1, "weight"),
          call.isNone(2) ? none : constant(call, 2, "bias"),
          call.isNone(3) ? none : constant(call, 3, "running mean"),
          call.isNone(4) ? none : constant(call, 4, "running variance"),
          call.number(7, 1e-5));
    }
  }

  private static DraftValue rmsNorm(Call call) {
    int dims = call.list(1).size();
    // torch takes the precision of the type where there is no eps.
    double eps = call.number(3, Math.ulp(1f));
    return norm(call, "rms_norm", null, dims, bias(call, 2), null, eps);
  }

  /** Lowers a normalisation of the last dimensions. */
  static DraftValue norm(
      Call call,
      String kind,
      QuantizedModule module,
      int dims,
      DraftValue weight,
      DraftValue bias,
      double eps) {
    DraftOperation operation =
        call.operation(kind)
            .input("x", call.real(0))
            .input("weight", weight)
            .input("bias", bias)
            .set("dims", (long) dims)
            .set("eps", eps);
    String name = ActivationQuantization.nameBefore(call, module);
    DraftValue out = call.finish(operation, name, ElementType.F32, null, call.sizes());
    return module == null ? out : ActivationQuantization.output(call, module, out);
  }

  private static DraftValue embedding(Call call) {
    Call indices = call.with(call.origin(), Arrays.asList(call.argument(1)));
    if (!(call.argument(0) instanceof ConstantTensor)) {
      DraftOperation gather =
          call.operation("gather").input("x", call.real(0)).input("indices", indices(indices));
      return call.finish(gather);
    }
    return embedding(indices, weights(call, 0, "weight"));
  }

  private static DraftValue indices(Call call) {
    DraftValue indices = call.value(0);
    if (indices.type() != ElementType.I64 && indices.type() != ElementType.S32) {
      throw new UnsupportedOperator(
          "its indices are " + indices.type() + "; expected s32 or i64, on no grid");
    }
    return indices;
  }

  /** Lowers a look-up; rows of a table with one scale stay codes. */
  static DraftValue embedding(Call call, Weights weights) {
    DraftOperation operation = call.operation("embedding").input("indices", indices(call));
    if (!weights.isInteger()) {
      operation
          .input("table", weights.floats(call))
          .reason(weights.whyFloat())
          .advise(
              "give the weight of '"
                  + call.origin().path()
                  + "' a quantizer of 2 to 8 bits to"
                  + " make the table smaller");
      return call.finish(operation);
    }
    DraftValue table = weights.codes(call);
    operation.input("table", table).set("table_bits", Weights.storedBits(table));
    return table.grid().isPerTensor()
        ? call.finish(operation, table.type(), table.grid())
        : call.finish(operation);
  }

  /**
   * Lowers a batch normalization that is still there: a scale and an offset a channel.
   *
   * @param places dimensions behind the channels
   * @param factors f32 [channels]
   * @param offsets f32 [channels]
   */
  static DraftValue scaleChannels(Call call, int places, Tensor factors, Tensor offsets) {
    long channels = factors.numel();
    long[] shape = new long[places + 1];
    Arrays.fill(shape, 1);
    shape[0] = channels;
    try (Tensor broadFactors = factors.to(ScalarType.Float).reshape(shape);
        Tensor broadOffsets = offsets.to(ScalarType.Float).reshape(shape)) {
      String path = call.origin().path();
      DraftValue factor = call.constants().plain(path + ".factor", broadFactors, call.runs());
      DraftValue offset = call.constants().plain(path + ".offset", broadOffsets, call.runs());
      DraftOperation scale =
          call.operation("binary")
              .input("a", call.real(0))
              .input("b", factor)
              .set("function", "mul");
      DraftValue scaled =
          call.finish(scale, call.name() + "_scaled", ElementType.F32, null, call.sizes());
      return call.finish(
          call.operation("binary")
              .input("a", scaled)
              .input("b", offset)
              .set("function", "add")
              .advise(
                  "fold it into the convolution before it, before conversion: BatchNormFolding"),
          call.name() + "_shifted",
          ElementType.F32,
          null,
          call.sizes());
    }
  }
}
