// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Places beyond the common ones, in which models may keep modules. */
class SlotScannerTest {

  static class Odd extends Module {
    final LinearImpl fc = register_module("fc", new LinearImpl(4, 4));
    final Optional<LinearImpl> optional = Optional.of(fc);
    final Map<String, LinearImpl> sorted =
        Collections.unmodifiableSortedMap(new TreeMap<>(Map.of("a", fc)));
    final Map<String, LinearImpl> hashed = new HashMap<>(Map.of("a", fc));
    final Collection<LinearImpl> values = hashed.values();
    final Set<LinearImpl> set = new LinkedHashSet<>(List.of(fc));
    final List<List<LinearImpl>> deep = List.of(List.of(fc, fc));
    final List<LinearImpl> single = Collections.singletonList(fc);
    final Object untyped = fc;
    final Helper helper = new Helper(fc);
    final List<? extends Module> bounded = new ArrayList<>(List.of(fc));
  }

  static final class Helper {
    private final LinearImpl held;

    Helper(LinearImpl held) {
      this.held = held;
    }
  }

  @Test
  void replacesEverywhere() {
    Odd model = new Odd();
    Doubling other = new Doubling(model.fc);
    ModuleTree.of(model).replace("fc", other);
    assertSame(other, model.fc);
    assertSame(other, model.optional.orElseThrow());
    assertSame(other, model.sorted.get("a"));
    assertSame(other, model.hashed.get("a"));
    assertSame(other, model.values.iterator().next());
    assertEquals(Set.of(other), model.set);
    assertSame(other, model.deep.get(0).get(0));
    assertSame(other, model.deep.get(0).get(1));
    assertSame(other, model.single.get(0));
    assertSame(other, model.untyped);
    assertSame(other, model.helper.held);
    assertSame(other, model.bounded.get(0));
  }

  static class Captured extends Module {
    final LinearImpl fc = register_module("fc", new LinearImpl(4, 4));
    final UnaryOperator<Tensor> call = fc::forward;
  }

  @Test
  void refusesWhatALambdaHasCaptured() {
    Captured model = new Captured();
    LinearImpl original = model.fc;
    ModuleReplaceException refused =
        assertThrows(
            ModuleReplaceException.class,
            () -> ModuleTree.of(model).replace("fc", new Doubling(original)));
    assertTrue(refused.getMessage().contains("lambda"), refused.getMessage());
    assertSame(original, model.fc);
  }

  static class TypedElements<T extends LinearImpl> extends Module {
    final List<LinearImpl> list = new ArrayList<>();
    final Map<String, ? extends T> map;
    final List<T[]> arrays = new ArrayList<>();

    TypedElements(T fc, T[] array) {
      list.add(register_module("a", fc));
      map = new HashMap<>(Map.of("a", fc));
      arrays.add(array);
      array[0] = fc;
    }
  }

  @Test
  void elementTypesDecideOnFacades() {
    TypedElements<LinearImpl> model = new TypedElements<>(new LinearImpl(4, 4), new LinearImpl[1]);
    ModuleTree tree = ModuleTree.of(model);
    assertThrows(
        ModuleReplaceException.class,
        () -> tree.replace("a", new JavaSequential(model.list.get(0))));
    Wrapper wrapper = new Wrapper(model.list.get(0));
    tree.replace("a", wrapper);
    assertSame(wrapper, assertInstanceOf(Facade.class, model.list.get(0)).facadeTarget());
    assertSame(model.list.get(0), model.map.get("a"));
    assertSame(model.list.get(0), model.arrays.get(0)[0]);
    LinearImpl typed = model.list.get(0);
    assertEquals(4, typed.weight().size(0));
  }

  static class Unheld extends Module {
    Unheld() {
      register_module("fc", new LinearImpl(4, 4));
    }
  }

  @Test
  void rememberesChildrenThatNoFieldHolds() throws InterruptedException {
    Unheld model = new Unheld();
    ModuleTree.of(model).replace("fc", new Doubling((LinearImpl) ModuleTree.of(model).get("fc")));
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(10);
    }
    assertInstanceOf(Doubling.class, ModuleTree.of(model).get("fc"));
  }

  @Test
  void dictionariesHandOutJavaObjects() {
    LinearImpl fc = new LinearImpl(4, 4);
    JavaModuleDict dict = new JavaModuleDict().add("a", fc).add("b", new LinearImpl(4, 4));
    assertSame(fc, dict.get("a"));
    assertEquals(2, dict.size());
    assertEquals(2, dict.keys().size());
    assertThrows(UnsupportedOperationException.class, dict::values);
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> dict.get("c"))
            .getMessage()
            .contains("[a, b]"));
    assertSame(fc, dict.pop("a"));
    assertEquals(List.of("b.weight", "b.bias"), Models.stateNames(dict));
    JavaModuleDict copy = ModelCopier.copy(dict);
    assertEquals(List.of("b.weight", "b.bias"), Models.stateNames(copy));
    dict.clear();
    assertTrue(dict.empty());
  }
}
