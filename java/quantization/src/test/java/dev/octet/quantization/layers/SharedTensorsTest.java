// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.JavaSequential;
import dev.octet.quantization.tree.ModelCopier;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class SharedTensorsTest {

  private final KnownLayers layers = new KnownLayers(new SharedTensors());

  private LinearImpl linear(Tensor weight) {
    MethodWriter writer = new MethodWriter("x");
    GraphMethod forward =
        writer.returns(
            writer.function("aten::linear", writer.input("x"), writer.read("weight"), null));
    return (LinearImpl) layer("linear.Linear", forward, weight);
  }

  private EmbeddingImpl embedding(Tensor weight) {
    MethodWriter writer = new MethodWriter("x");
    GraphMethod forward =
        writer.returns(
            writer.function(
                "aten::embedding", writer.read("weight"), writer.input("x"), -1L, false, false));
    return (EmbeddingImpl) layer("sparse.Embedding", forward, weight);
  }

  private Object layer(String className, GraphMethod forward, Tensor weight) {
    return layers
        .recognize(
            new RecordedLayer(
                "torch.nn.modules." + className,
                List.of(forward),
                Map.of("weight", new GraphAttribute(weight, GraphAttribute.Kind.PARAMETER)),
                Map.of(),
                Map.of(),
                true))
        .module()
        .orElseThrow();
  }

  private static Tensor parameter(long... shape) {
    Tensor weight = randn(shape);
    weight.set_requires_grad(true);
    return weight;
  }

  private static long memory(Tensor tensor) {
    return tensor.data_ptr().address();
  }

  @Test
  void givesTheTensorItself() {
    Tensor weight = parameter(5, 4);
    LinearImpl linear = linear(weight);
    Tensor registered = linear.parameters().get(0);
    assertEquals(
        weight.unsafeGetTensorImpl().address(), registered.unsafeGetTensorImpl().address());
    assertTrue(registered.requires_grad());
    assertEquals(1, linear.parameters().size());
    assertTrue(linear.is_training());
    linear.forward(randn(2, 4)).sum().backward();
    assertTrue(weight.grad().defined());
  }

  @Test
  void keepsTypesAndFrozenWeights() {
    for (ScalarType type :
        new ScalarType[] {ScalarType.Half, ScalarType.BFloat16, ScalarType.Double}) {
      Tensor weight = randn(5, 4).to(type);
      LinearImpl linear = linear(weight);
      assertEquals(type, linear.weight().scalar_type().intern());
      assertFalse(linear.parameters().get(0).requires_grad());
      Tensor x = randn(2, 4).to(type);
      assertTrue(torch.linear(x, weight).equal(linear.forward(x)));
      LinearImpl copy = ModelCopier.copy(linear);
      assertEquals(type, copy.weight().scalar_type().intern());
      assertNotEquals(memory(weight), memory(copy.weight()));
    }
  }

  private JavaSequential tied(Tensor weight) {
    return new JavaSequential().add("in", embedding(weight)).add("out", linear(weight));
  }

  @Test
  void tiesWeights() {
    Tensor weight = parameter(7, 4);
    JavaSequential model = tied(weight);
    Tensor out = ((LinearImpl) model.get(1)).weight();
    assertEquals(weight.unsafeGetTensorImpl().address(), out.unsafeGetTensorImpl().address());
    Map<String, Tensor> state = StateDict.of(model);
    assertEquals(List.of("in.weight", "out.weight"), List.copyOf(state.keySet()));
    assertEquals(memory(weight), memory(state.get("out.weight")));
  }

  /** One step of gradient descent moves the tensor once, by the sum of both gradients. */
  @Test
  void trainsTiedWeightsOnce() {
    Tensor weight = parameter(7, 4);
    assertTrainsOnce(tied(weight), weight);
  }

  private static void assertTrainsOnce(JavaSequential model, Tensor weight) {
    Tensor before = weight.detach().clone();
    TensorVector parameters = model.parameters();
    SGD optimizer = new SGD(parameters, new SGDOptions(0.5));
    optimizer.zero_grad();
    model
        .forward(torch.randint(0, 7, new long[] {3}).to(ScalarType.Long))
        .pow(new Scalar(2))
        .sum()
        .backward();
    Tensor expected = before.sub(weight.grad().mul(new Scalar(0.5)));
    optimizer.step();
    assertTrue(expected.allclose(weight), "trained in another way");
    assertTrue(
        StateDict.of(model).get("out.weight").equal(weight), "the state has not been trained");
  }

  @Test
  void copiesStayTied() {
    Tensor weight = parameter(7, 4);
    JavaSequential model = tied(weight);
    JavaSequential copy = ModelCopier.copy(model);
    Tensor copied = ((EmbeddingImpl) copy.get(0)).weight();
    assertNotEquals(memory(weight), memory(copied));
    assertEquals(
        copied.unsafeGetTensorImpl().address(),
        ((LinearImpl) copy.get(1)).weight().unsafeGetTensorImpl().address());
    assertEquals(memory(copied), memory(StateDict.of(copy).get("out.weight")));
    assertTrainsOnce(copy, copied);
    JavaSequential second = ModelCopier.copy(copy);
    assertTrainsOnce(second, ((EmbeddingImpl) second.get(0)).weight());
  }

  @Test
  void tiesTensorsThatShareMemory() {
    Tensor weight = parameter(7, 4);
    Tensor same = weight.detach();
    same.set_requires_grad(true);
    JavaSequential model =
        new JavaSequential().add("in", embedding(weight)).add("out", linear(same));
    assertEquals(
        weight.unsafeGetTensorImpl().address(),
        ((LinearImpl) model.get(1)).weight().unsafeGetTensorImpl().address());
    assertNotEquals(
        weight.unsafeGetTensorImpl().address(),
        linear(weight.detach()).weight().unsafeGetTensorImpl().address());
    assertEquals(memory(weight), memory(linear(weight.detach()).weight()));
  }

  @Test
  void makesNoLargeTensorsOnTheWay() {
    Tensor weight = torch.zeros(200_000, 256);
    long start = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      linear(weight).close();
      embedding(weight).close();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    assertTrue(seconds < 2, "40 modules of 200 MB took " + seconds + " s");
  }
}
