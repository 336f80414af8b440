// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TransformerEncoderLayerImpl;
import org.bytedeco.pytorch.TransformerEncoderLayerOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.kCircular;
import org.junit.jupiter.api.Test;

class ModelCopierTest {

  static class SubLinear extends LinearImpl {
    SubLinear() {
      super(4, 4);
    }

    @Override
    public Tensor forward(Tensor x) {
      return super.forward(x).relu();
    }
  }

  static class Stateful extends LinearImpl {
    final int extra = 1;

    Stateful() {
      super(4, 4);
    }
  }

  static class CopyableNet extends Module implements Copyable<CopyableNet> {
    @Override
    public CopyableNet copy() {
      return new CopyableNet();
    }
  }

  @Test
  void copiesContainersAndKeepsSharing() {
    JavaSequential model = new JavaSequential();
    LinearImpl shared = new LinearImpl(4, 4);
    SequentialImpl inner = new SequentialImpl();
    inner.push_back("fc", shared);
    model.add("a", shared).add("inner", inner).add("drop", new DropoutImpl(0.25));
    model.add("norm", new BatchNorm1dImpl(new BatchNormOptions(4)));
    shared.weight().set_requires_grad(false);
    model.get(2).eval();
    JavaSequential copy = ModelCopier.copy(model);
    assertEquals(Models.stateNames(model), Models.stateNames(copy));
    ModuleTree tree = ModuleTree.of(copy);
    assertSame(tree.get("a"), tree.get("inner.fc"));
    assertNotSame(shared, tree.get("a"));
    LinearImpl copied = (LinearImpl) tree.get("a");
    assertFalse(copied.weight().requires_grad());
    assertTrue(copied.bias().requires_grad());
    assertEquals(0.25, ((DropoutImpl) tree.get("drop")).options().p().get());
    assertFalse(tree.get("drop").is_training());
    assertTrue(tree.get("norm").is_training());
    Tensor x = Models.input();
    assertTrue(Models.same(model.forward(x), copy.forward(x)));
    Tensor before = copied.weight().clone();
    shared.weight().zero_();
    assertTrue(Models.same(before, copied.weight()));
  }

  @Test
  void copiesOptionsOfNativeModules() {
    Conv2dOptions options = new Conv2dOptions(2, 2, new LongPointer(3, 3));
    options.padding().put(new LongPointer(1, 1));
    options.padding_mode().put(new kCircular());
    Conv2dImpl conv = new Conv2dImpl(options);
    Conv2dImpl copy = ModelCopier.copy(conv);
    Tensor x = torch.randn(1, 2, 5, 5);
    assertTrue(Models.same(conv.forward(x), copy.forward(x)));
    LinearOptions noBias = new LinearOptions(4, 3);
    noBias.bias().put(false);
    LinearImpl linear = new LinearImpl(noBias);
    linear.to(torch.ScalarType.Double, false);
    LinearImpl linearCopy = ModelCopier.copy(linear);
    assertFalse(linearCopy.bias().defined());
    assertEquals(torch.ScalarType.Double, linearCopy.weight().scalar_type().intern());
  }

  @Test
  void copiesCompositesAndEmptySubclasses() {
    TransformerEncoderLayerImpl layer =
        new TransformerEncoderLayerImpl(new TransformerEncoderLayerOptions(4, 2));
    layer.eval();
    TransformerEncoderLayerImpl copy = ModelCopier.copy(layer);
    Tensor x = torch.randn(3, 2, 4);
    assertTrue(Models.same(layer.forward(x), copy.forward(x)));
    SubLinear sub = new SubLinear();
    SubLinear subCopy = assertInstanceOf(SubLinear.class, ModelCopier.copy((Module) sub));
    assertTrue(
        Models.same(sub.forward(Models.input().zero_()), subCopy.forward(Models.input().zero_())));
  }

  @Test
  void keepsMembersThatAreTied() {
    LinearImpl first = new LinearImpl(4, 4);
    LinearImpl second = new LinearImpl(4, 4);
    second.weight(first.weight());
    JavaSequential copy = ModelCopier.copy(new JavaSequential(first, second));
    LinearImpl firstCopy = (LinearImpl) copy.get(0);
    LinearImpl secondCopy = (LinearImpl) copy.get(1);
    firstCopy.weight().detach().zero_();
    assertTrue(Models.same(firstCopy.weight(), secondCopy.weight()));
    assertFalse(Models.same(first.weight(), firstCopy.weight()));
  }

  @Test
  void saysWhatToDoWithClassesItCannotCopy() {
    for (Module module : new Module[] {new Models.Fields(), new Stateful()}) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> ModelCopier.copy(module)).getMessage();
      assertTrue(message.contains(module.getClass().getName()), message);
      assertTrue(message.contains("Copyable") && message.contains("Supplier"), message);
      assertTrue(message.contains("quantizeModel"), message);
    }
    assertInstanceOf(CopyableNet.class, ModelCopier.copy(new CopyableNet()));
  }

  @Test
  void copiesThroughAFactory() {
    Models.Fields model = new Models.Fields();
    model.third.eval();
    model.second.weight().set_requires_grad(false);
    Models.Fields copy = ModelCopier.copy(model, Models.Fields::new);
    Tensor x = Models.input();
    assertTrue(Models.same(model.forward(x), copy.forward(x)));
    assertFalse(copy.third.is_training());
    assertTrue(copy.second.is_training());
    assertFalse(copy.second.weight().requires_grad());
    model.second.weight().zero_();
    assertFalse(Models.same(model.second.weight(), copy.second.weight()));
  }

  static class Variable extends Module {
    Variable(int size, String name) {
      register_module(name, new LinearImpl(4, size));
      register_module("act", new ReLUImpl());
    }
  }

  @Test
  void verifiesWhatTheFactoryMade() {
    Variable model = new Variable(4, "fc");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ModelCopier.copy(model, () -> new Variable(4, "other")))
            .getMessage();
    assertTrue(message.contains("missing [fc.weight, fc.bias]"), message);
    assertTrue(message.contains("unexpected [other.weight, other.bias]"), message);
    message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ModelCopier.copy(model, () -> new Variable(5, "fc")))
            .getMessage();
    assertTrue(message.contains("fc.weight of shape [5, 4] instead of [4, 4]"), message);
    assertThrows(IllegalArgumentException.class, () -> ModelCopier.copy(model, () -> model));
    assertThrows(IllegalArgumentException.class, () -> ModelCopier.copy(model, Models.Fields::new));
  }
}
