// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.tree.ModelCopier;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SparseLayersTest {

  private static LayerArchive embedding() {
    return LayerArchive.of("sparse.Embedding").parameter("weight", randn(9, 4));
  }

  private static Tensor indices(long... shape) {
    return randint(9, shape).to(ScalarType.Long);
  }

  @Test
  void recognizesTracedEmbedding() {
    EmbeddingImpl embedding =
        assertRecognized(
            EmbeddingImpl.class,
            embedding().returns("torch.embedding(self.weight, x, 2)"),
            indices(3, 5));
    assertEquals(9, embedding.options().num_embeddings().get());
    assertEquals(4, embedding.options().embedding_dim().get());
    assertEquals(2, embedding.options().padding_idx().get());
    assertFalse(embedding.options().max_norm().has_value());
    EmbeddingImpl all =
        assertRecognized(
            EmbeddingImpl.class,
            embedding().returns("torch.embedding(self.weight, x, -1, True, True)"),
            indices(3, 5));
    assertFalse(all.options().padding_idx().has_value());
    assertTrue(all.options().scale_grad_by_freq().get());
    assertTrue(all.options().sparse().get());
    assertTrue(ModelCopier.copy(all).forward(indices(2)).dim() == 2);
  }

  @ParameterizedTest
  @CsvSource({"None, -1", "0, 0", "3, 3", "-2, 7"})
  void recognizesScriptedEmbedding(String padding, long expected) {
    EmbeddingImpl embedding =
        assertRecognized(
            EmbeddingImpl.class,
            embedding()
                .returns(
                    "__torch__.torch.nn.functional.embedding(x, self.weight, "
                        + padding
                        + ", None, 2., False, False, )"),
            indices(3, 5));
    assertEquals(expected >= 0, embedding.options().padding_idx().has_value());
    if (expected >= 0) {
      assertEquals(expected, embedding.options().padding_idx().get());
    }
  }

  @Test
  void keepsTheGradientOfThePaddingAway() {
    LayerArchive archive = embedding().returns("torch.embedding(self.weight, x, 2)");
    EmbeddingImpl embedding =
        (EmbeddingImpl) LayerAssert.recognize(archive, archive.load()).module().orElseThrow();
    embedding.forward(indices(50)).sum().backward();
    assertTrue(embedding.weight().grad().abs().sum().item_double() > 0);
    assertEquals(0, embedding.weight().grad().get(2).abs().sum().item_double());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        """
        def forward(self,
            x: Tensor) -> Tensor:
          return __torch__.torch.nn.functional.embedding(x, self.weight, None, 0.5, 1., False, False, )
        """,
        """
        def forward(self,
            x: Tensor) -> Tensor:
          weight = self.weight
          input = torch.contiguous(x)
          _0 = torch.embedding_renorm_(torch.detach(weight), input, 0.5, 1.)
          return torch.embedding(weight, input)
        """
      })
  void recognizesNorms(String source) {
    LayerArchive archive = embedding().method(source);
    JitModule recorded = archive.load();
    EmbeddingImpl embedding =
        (EmbeddingImpl) LayerAssert.recognize(archive, archive.load()).module().orElseThrow();
    assertEquals(0.5, embedding.options().max_norm().get());
    assertEquals(1, embedding.options().norm_type().get());
    LayerAssert.assertSame(recorded, embedding, indices(3, 2));
    assertTrue(recorded.attr("weight").toTensor().equal(embedding.weight()), "other rows changed");
  }

  /** As versions before 1.9 scripted it. */
  @Test
  void recognizesTheNormOfOldVersions() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue weight = writer.read("weight");
    GraphValue x = writer.function("aten::contiguous", writer.input("x"), null);
    writer.function("aten::_no_grad_embedding_renorm_", weight, x, 0.5, 1.0);
    GraphMethod forward =
        writer.returns(writer.function("aten::embedding", weight, x, -1L, false, false));
    Map<String, GraphAttribute> tensors =
        Map.of("weight", new GraphAttribute(randn(9, 4), GraphAttribute.Kind.PARAMETER));
    EmbeddingImpl embedding =
        (EmbeddingImpl)
            new KnownLayers(new SharedTensors())
                .recognize(
                    new RecordedLayer(
                        "torch.nn.modules.sparse.Embedding",
                        List.of(forward),
                        tensors,
                        Map.of(),
                        Map.of(),
                        false))
                .module()
                .orElseThrow();
    assertEquals(0.5, embedding.options().max_norm().get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.embedding(torch.neg(self.weight), x)",
        "torch.embedding(self.weight, torch.add(x, 1))",
        "torch.embedding(self.weight, x, torch.size(x, 0))",
        "torch.index_select(self.weight, 0, x)",
      })
  void rejectsOtherPrograms(String expression) {
    assertRejected(embedding().returns(expression), "");
  }

  private static LayerArchive bag() {
    return LayerArchive.of("sparse.EmbeddingBag").parameter("weight", randn(9, 4));
  }

  @ParameterizedTest
  @CsvSource({"None, -1", "-1, 8", "2, 2"})
  void recognizesTracedBags(String padding, long expected) {
    LayerArchive archive =
        bag()
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  weight = self.weight
                  _0 = ops.prim.NumToTensor(torch.numel(input))
                  _1 = int(_0)
                  _2 = ops.prim.NumToTensor(torch.size(input, 1))
                  _3 = int(_2)
                  offsets = torch.arange(0, _1, _3, dtype=4, layout=None, device=torch.device("cpu"), pin_memory=False)
                  indices = torch.reshape(input, [-1])
                  _4, _5, _6, _7 = torch.embedding_bag(weight, indices, offsets, False, 1, False, None, False, PADDING)
                  return _4
                """
                    .replace("PADDING", padding));
    EmbeddingBagImpl bag = assertRecognized(EmbeddingBagImpl.class, archive, indices(3, 5));
    assertEquals(9, bag.options().num_embeddings().get());
    assertEquals(expected >= 0, bag.options().padding_idx().has_value());
    if (expected >= 0) {
      assertEquals(expected, bag.options().padding_idx().get());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sum", "mean", "max"})
  void recognizesScriptedBags(String mode) {
    String source =
        """
        def forward(self,
            input: Tensor,
            offsets: Optional[Tensor]=None,
            per_sample_weights: Optional[Tensor]=None) -> Tensor:
          _0 = __torch__.torch.nn.functional.embedding_bag
          weight = self.weight
          return _0(input, weight, offsets, None, 2., False, "MODE", False, per_sample_weights, False, 3, )
        """;
    EmbeddingBagImpl bag =
        assertRecognized(
            EmbeddingBagImpl.class, bag().method(source.replace("MODE", mode)), indices(3, 5));
    assertEquals(3, bag.options().padding_idx().get());
  }

  @Test
  void rejectsBagsOfDifferentLength() {
    assertRejected(
        bag()
            .method(
                """
                def forward(self,
                    input: Tensor,
                    offsets: Tensor) -> Tensor:
                  _4, _5, _6, _7 = torch.embedding_bag(self.weight, input, offsets)
                  return _4
                """),
        "more than 1 arguments");
  }
}
