// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingBagOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.kMax;
import org.bytedeco.pytorch.kMean;
import org.bytedeco.pytorch.kSum;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Bags of embeddings give in programs what they give in libtorch. */
@Tag("cuda")
class LoweringBagsTest {
  private static Tensor longs(long... values) {
    Tensor tensor = torch.zeros(values.length).to(ScalarType.Long);
    new LongPointer(tensor.data_ptr()).put(values);
    return tensor;
  }

  @TestFactory
  Stream<DynamicTest> bagsOfOneLength() {
    return Stream.of("sum", "mean", "max")
        .map(mode -> DynamicTest.dynamicTest(mode, () -> modules(mode)));
  }

  private static void modules(String mode) {
    try (PointerScope scope = new PointerScope()) {
      EmbeddingBagOptions options = new EmbeddingBagOptions(20, 6);
      switch (mode) {
        case "sum" -> options.mode().put(new kSum());
        case "mean" -> options.mode().put(new kMean());
        default -> options.mode().put(new kMax());
      }
      GraphBuilder b = GraphModule.builder("ids");
      GraphModule model =
          b.output(b.call("bag", new EmbeddingBagImpl(options), b.input("ids"))).build();
      model.eval();
      LoweredModel lowered =
          Lowering.toProgram(
              model,
              LoweringOptions.builder()
                  .input("ids", torch.randint(20, new long[] {16, 5}), "batch", null)
                  .build());
      check(model, lowered, Map.of("ids", torch.randint(20, new long[] {3, 5})));
    }
  }

  private static void check(GraphModule model, LoweredModel lowered, Map<String, Tensor> inputs) {
    var difference = LoweredComparison.compare(model, lowered.program(), inputs);
    assertTrue(difference.greatest() <= 1e-5 * difference.magnitude(), difference::toString);
  }

  @TestFactory
  Stream<DynamicTest> bagsThatBeginAtOffsets() {
    return Stream.of(
        DynamicTest.dynamicTest("sum", () -> functions(0, false, null)),
        DynamicTest.dynamicTest("mean", () -> functions(1, false, null)),
        DynamicTest.dynamicTest("sum without padding", () -> functions(0, false, 3L)),
        DynamicTest.dynamicTest("mean without padding", () -> functions(1, false, -1L)),
        DynamicTest.dynamicTest("weighted", () -> functions(0, true, null)));
  }

  private static void functions(long mode, boolean weighted, Long padding) {
    try (PointerScope scope = new PointerScope()) {
      torch.manual_seed(3);
      GraphBuilder b =
          weighted
              ? GraphModule.builder("ids", "offsets", "weights")
              : GraphModule.builder("ids", "offsets");
      GraphValue bag =
          b.function(
              "aten::embedding_bag.padding_idx",
              Arrays.asList(
                      b.constant("table", torch.randn(20, 6)),
                      b.input("ids"),
                      b.input("offsets"),
                      false,
                      mode,
                      false,
                      weighted ? b.input("weights") : null,
                      false,
                      padding)
                  .toArray());
      GraphModule model = b.output(b.item(bag, 0)).build();
      model.eval();
      LoweringOptions.Builder options =
          LoweringOptions.builder()
              .input("ids", torch.randint(20, new long[] {17}), "words")
              .input("offsets", longs(0, 2, 2, 4, 5, 5, 6, 7, 8, 9, 10, 11), "bags");
      if (weighted) {
        options.input("weights", torch.randn(17), "words");
      }
      LoweredModel lowered = Lowering.toProgram(model, options.build());
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      inputs.put("ids", longs(3, 19, 0, 3, 3, 19, 7, 8, 19));
      inputs.put("offsets", longs(0, 1, 1, 5));
      if (weighted) {
        inputs.put("weights", torch.randn(9));
      }
      check(model, lowered, inputs);
    }
  }
}
