// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.SharedModuleVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TransformerEncoderLayerImpl;
import org.bytedeco.pytorch.TransformerEncoderLayerOptions;
import org.junit.jupiter.api.Test;

class ModuleTreeTest {

  private static void replaceAllLinears(Module root) {
    ModuleTree tree = ModuleTree.of(root);
    for (ModuleNode node : tree.nodes()) {
      if (node.module().getClass() == LinearImpl.class && node.sameAs() == null) {
        tree.replace(node.path(), new Doubling((LinearImpl) node.module()));
      }
    }
  }

  private static List<String> paths(Module root) {
    return ModuleTree.of(root).nodes().stream().map(ModuleNode::path).toList();
  }

  @Test
  void walksInRegistryOrder() {
    assertEquals(List.of("", "first", "second", "third", "act"), paths(new Models.Fields()));
    assertEquals(
        List.of(
            "",
            "body",
            "body.fc",
            "body.act",
            "body.out",
            "layers",
            "layers.0",
            "layers.1",
            "layers.2",
            "layers.2.fc",
            "heads",
            "heads.a"),
        paths(new Models.Contained()));
  }

  @Test
  void givesTheSameJavaObjectEveryTime() {
    Models.Contained model = new Models.Contained();
    ModuleTree tree = ModuleTree.of(model);
    assertSame(model.direct.get(0), tree.get("layers.0"));
    assertInstanceOf(LinearImpl.class, tree.get("body.out"));
    assertSame(tree.get("body.out"), ModuleTree.of(model).get("body.out"));
  }

  @Test
  void reportsRepeatedRegistrations() {
    List<ModuleNode> nodes = ModuleTree.of(new Models.Cousins()).nodes();
    assertEquals("p.fc", nodes.get(4).sameAs());
    assertEquals("q.fc", nodes.get(4).path());
    assertNull(nodes.get(2).sameAs());
  }

  @Test
  void namesTheNearestPaths() {
    ModuleTree tree = ModuleTree.of(new Models.Contained());
    String message =
        assertThrows(IllegalArgumentException.class, () -> tree.get("body.fcc")).getMessage();
    assertTrue(message.contains("'body.fcc'") && message.contains("body.fc"), message);
    assertTrue(tree.find("nope").isEmpty());
    assertEquals(List.of("layers"), tree.nearest("layer", 1));
  }

  @Test
  void replacesInFieldsOfAllKinds() {
    Models.Fields model = new Models.Fields();
    List<String> before = Models.stateNames(model);
    List<String> pathsBefore = paths(model);
    Tensor x = Models.input();
    replaceAllLinears(model);
    assertInstanceOf(Doubling.class, model.first());
    assertInstanceOf(Doubling.class, model.second);
    assertInstanceOf(Doubling.class, model.third);
    assertEquals(before, Models.stateNames(model));
    assertEquals(pathsBefore, paths(model));
    Tensor expected = model.third.forward(model.second.forward(model.first().forward(x)).relu());
    assertTrue(Models.close(expected, model.forward(x)));
  }

  @Test
  void replacesInArraysAndCollections() {
    Models.Collected model = new Models.Collected();
    List<String> before = Models.stateNames(model);
    List<LinearImpl> view = model.view;
    replaceAllLinears(model);
    assertEquals(before, Models.stateNames(model));
    assertInstanceOf(Doubling.class, model.array[0]);
    assertInstanceOf(Doubling.class, model.array[1]);
    assertInstanceOf(Doubling.class, model.grid[0][0]);
    assertInstanceOf(Doubling.class, model.list.get(0));
    assertInstanceOf(Doubling.class, model.fixedList.get(0));
    assertInstanceOf(Doubling.class, model.fixedList.get(1));
    assertInstanceOf(Doubling.class, model.map.get("m"));
    assertInstanceOf(Doubling.class, model.nested.get("n").get(0));
    assertSame(view, model.view);
    assertSame(model.list.get(0), model.set.iterator().next());
    assertThrows(UnsupportedOperationException.class, () -> model.fixedList.add(null));
    assertThrows(UnsupportedOperationException.class, () -> model.nested.put("o", null));
    model.forward(Models.input());
  }

  @Test
  void replacesInNativeContainers() {
    Models.Contained model = new Models.Contained();
    List<String> before = Models.stateNames(model);
    List<String> pathsBefore = paths(model);
    Tensor x = Models.input();
    model.body.eval();
    Tensor plain = model.forward(x);
    assertSame(model, ModuleTree.adopt(model));
    assertInstanceOf(JavaSequential.class, model.body);
    assertFalse(model.body.is_training());
    assertTrue(Models.same(plain, model.forward(x)));
    replaceAllLinears(model);
    assertEquals(before, Models.stateNames(model));
    assertEquals(pathsBefore, paths(model));
    assertInstanceOf(Doubling.class, model.layers.get(1).asLinear());
    assertSame(model.layers.get(1), model.direct.get(1));
    assertInstanceOf(Doubling.class, model.heads.get("a"));
    assertFalse(Models.close(plain, model.forward(x)));
    Tensor y = x;
    for (String path : List.of("body", "layers.0", "layers.1", "layers.2")) {
      y = ModuleCall.forward(ModuleTree.of(model).get(path), y);
    }
    assertTrue(Models.close(y, model.forward(x)));
  }

  @Test
  void adoptsAContainerAtTheRoot() {
    SequentialImpl root = new SequentialImpl();
    root.push_back("fc", new LinearImpl(4, 4));
    Tensor x = Models.input();
    Tensor plain = root.forward(x);
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class,
            () -> ModuleTree.of(root).replace("fc", new LinearImpl(4, 4)));
    assertTrue(refused.getMessage().contains("ModuleTree.adopt"), refused.getMessage());
    JavaSequential adopted = assertInstanceOf(JavaSequential.class, ModuleTree.adopt(root));
    assertTrue(Models.same(plain, adopted.forward(x)));
    replaceAllLinears(adopted);
    assertTrue(Models.close(plain.add(plain), adopted.forward(x)));
    assertSame(adopted, adopted.asSequential());
    assertThrows(UnsupportedOperationException.class, adopted::begin);
    adopted.push_back(new LinearImpl(4, 4));
    assertThrows(UnsupportedOperationException.class, () -> adopted.forward(x));
  }

  @Test
  void iteratesOverAJavaModuleList() {
    JavaModuleList list = new JavaModuleList(new LinearImpl(4, 4), new LinearImpl(4, 3));
    list.insert(1, new LinearImpl(4, 5));
    int count = 0;
    SharedModuleVector.Iterator end = list.end();
    for (SharedModuleVector.Iterator it = list.begin(); !it.equals(end); it.increment()) {
      assertSame(list.get(count++), it.get());
    }
    assertEquals(3, count);
    assertEquals(5, list.get(1).asLinear().weight().size(0));
    assertThrows(IndexOutOfBoundsException.class, () -> list.get(3));
  }

  @Test
  void replacesOneOfTwoNamesOnly() {
    Models.Tied model = new Models.Tied();
    ModuleTree tree = ModuleTree.of(model);
    LinearImpl original = model.a;
    tree.replace("a", new Doubling(original));
    assertInstanceOf(Doubling.class, model.a);
    assertSame(original, model.b);
    assertEquals(List.of("", "a", "b"), paths(model));
    assertSame(original, tree.get("b"));
  }

  @Test
  void replacesUnderOneOfTwoParentsOnly() {
    Models.Cousins model = new Models.Cousins();
    ModuleTree tree = ModuleTree.of(model);
    Module original = tree.get("p.fc");
    tree.replace("q.fc", new Doubling((LinearImpl) original));
    assertSame(original, tree.get("p.fc"));
    assertInstanceOf(Doubling.class, tree.get("q.fc"));
    Tensor x = Models.input();
    assertTrue(Models.same(((LinearImpl) original).forward(x), model.p.forward(x)));
    assertFalse(Models.close(model.p.forward(x), model.q.forward(x)));
  }

  @Test
  void leavesTheModelAloneWhenAPlaceCannotBeSet() {
    Models.Recorded model = new Models.Recorded();
    ModuleTree tree = ModuleTree.of(model);
    LinearImpl original = model.fc;
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class, () -> tree.replace("fc", new Doubling(original)));
    assertTrue(refused.getMessage().contains("Pair.left"), refused.getMessage());
    assertTrue(refused.getMessage().contains("record"), refused.getMessage());
    assertSame(original, model.fc);
    assertTrue(ModuleTypes.same(original, ModuleTree.of(model).get("fc")));
    assertSame(original, model.pair.left());
  }

  @Test
  void containersHandOutFacadesOfWrappers() {
    Models.Contained model = new Models.Contained();
    ModuleTree.adopt(model);
    ModuleTree tree = ModuleTree.of(model);
    Tensor x = Models.input();
    Wrapper wrapper = new Wrapper(new Doubling((LinearImpl) tree.get("layers.0")));
    tree.replace("layers.0", wrapper);
    LinearImpl handedOut = model.layers.get(0).asLinear();
    assertSame(handedOut, model.layers.get(0));
    assertTrue(Models.close(wrapper.forward(x), handedOut.forward(x)));
    assertSame(wrapper, ((ChildHolder) model.layers).childObjects().get("0"));
    assertSame(wrapper, tree.get("layers.0"));
    model.forward(x);
  }

  record Held(SequentialImpl body) {}

  static class ContainerInRecord extends Module {
    final Held held = new Held(register_module("body", new SequentialImpl()));
  }

  @Test
  void leavesContainersThatCannotBeExchanged() {
    ContainerInRecord model = new ContainerInRecord();
    model.held.body().push_back("fc", new LinearImpl(4, 4));
    assertSame(model, ModuleTree.adopt(model));
    Module kept = ModuleTree.of(model).get("body");
    assertSame(model.held.body(), kept);
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class,
            () -> ModuleTree.of(model).replace("body.fc", new LinearImpl(4, 4)));
    assertTrue(refused.getMessage().contains("record"), refused.getMessage());
  }

  @Test
  void refusesAReplacementOfTheWrongType() {
    Models.Fields model = new Models.Fields();
    LinearImpl original = model.second;
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class,
            () -> ModuleTree.of(model).replace("second", new JavaSequential(original)));
    assertTrue(refused.getMessage().contains("Base.second"), refused.getMessage());
    assertTrue(refused.getMessage().contains("LinearImpl"), refused.getMessage());
    assertSame(original, model.second);
  }

  @Test
  void refusesChildrenOfModulesThatRunNatively() {
    TransformerEncoderLayerImpl layer =
        new TransformerEncoderLayerImpl(new TransformerEncoderLayerOptions(4, 2));
    ModuleTree tree = ModuleTree.of(layer);
    LinearImpl linear = assertInstanceOf(LinearImpl.class, tree.get("linear1"));
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class, () -> tree.replace("linear1", new Doubling(linear)));
    assertTrue(refused.getMessage().contains("exclude"), refused.getMessage());
  }

  @Test
  void putsAFacadeIntoATypedField() {
    Models.Fields model = new Models.Fields();
    ModuleTree tree = ModuleTree.of(model);
    LinearImpl original = model.second;
    Tensor x = Models.input();
    Wrapper wrapper = new Wrapper(original);
    tree.replace("second", wrapper);
    Facade facade = assertInstanceOf(Facade.class, model.second);
    assertSame(wrapper, facade.facadeTarget());
    assertSame(wrapper, tree.get("second"));
    assertSame(wrapper, ModuleTree.of(model).get("second"));
    assertSame(original, tree.get("second.module"));
    assertSame(model.second, model.second.asLinear());
    assertEquals(4, model.second.options().in_features().get());
    assertTrue(Models.same(original.weight(), model.second.weight()));
    assertTrue(Models.close(wrapper.forward(x), model.second.forward(x)));
    assertNotSame(original, model.second);
    model.second.eval();
    assertFalse(wrapper.is_training());
    assertFalse(original.is_training());
    model.second.train(true);
    assertTrue(wrapper.is_training());
    tree.replace("second", original);
    assertSame(original, model.second);
  }

  @Test
  void putsAFacadeInThePlaceOfAUsersClass() {
    Models.Cousins model = new Models.Cousins();
    ModuleTree tree = ModuleTree.of(model);
    Tensor x = Models.input();
    Tensor expected = model.p.forward(x.add(new org.bytedeco.pytorch.Scalar(1.0)));
    tree.replace("p", new Wrapper(model.p));
    assertInstanceOf(Facade.class, model.p);
    assertTrue(Models.close(expected, model.p.forward(x)));
    assertEquals("Wrapper", ModuleTypes.typeName(model.p));
    tree.replace("p.module.fc", new Doubling((LinearImpl) tree.get("p.module.fc")));
    assertFalse(Models.close(expected, model.p.forward(x)));
  }

  static final class FinalBlock extends Module {
    final LinearImpl fc = register_module("fc", new LinearImpl(4, 4));

    public Tensor forward(Tensor x) {
      return fc.forward(x);
    }
  }

  static class HoldsFinal extends Module {
    final FinalBlock block = register_module("block", new FinalBlock());
  }

  @Test
  void refusesAFacadeOfAFinalClass() {
    HoldsFinal model = new HoldsFinal();
    FinalBlock original = model.block;
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class,
            () -> ModuleTree.of(model).replace("block", new Wrapper(original)));
    assertTrue(refused.getMessage().contains("final"), refused.getMessage());
    assertSame(original, model.block);
  }
}
