// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.bytedeco.pytorch.global.torch.allclose;
import static org.bytedeco.pytorch.global.torch.equal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Models as users of the presets write them. */
final class Models {

  private Models() {}

  static Tensor input() {
    return torch.randn(2, 4);
  }

  static List<String> stateNames(Module module) {
    List<String> names = new ArrayList<>();
    for (StringTensorDict dict : List.of(module.named_parameters(), module.named_buffers())) {
      for (long i = 0; i < dict.size(); i++) {
        names.add(dict.get(i).key().getString());
      }
    }
    return names;
  }

  static boolean same(Tensor a, Tensor b) {
    return equal(a, b);
  }

  static boolean close(Tensor a, Tensor b) {
    return allclose(a, b);
  }

  /** Fields of all kinds of visibility, in two classes. */
  static class Base extends Module {
    private final LinearImpl first;
    protected LinearImpl second;

    Base(String name) {
      super(name);
      first = register_module("first", new LinearImpl(4, 4));
      second = register_module("second", new LinearImpl(4, 4));
    }

    Tensor base(Tensor x) {
      return second.forward(first.forward(x));
    }

    LinearImpl first() {
      return first;
    }
  }

  static class Fields extends Base {
    final LinearImpl third = register_module("third", new LinearImpl(4, 4));
    private final ReLUImpl act = register_module("act", new ReLUImpl());

    Fields() {
      super("Fields");
    }

    public Tensor forward(Tensor x) {
      return third.forward(act.forward(base(x)));
    }
  }

  /** Modules in arrays and collections, mutable and immutable, nested. */
  static class Collected extends Module {
    final LinearImpl[] array = new LinearImpl[2];
    final LinearImpl[][] grid = new LinearImpl[1][1];
    final List<LinearImpl> list = new ArrayList<>();
    final List<LinearImpl> fixedList;
    final Map<String, LinearImpl> map = new LinkedHashMap<>();
    final Map<String, List<LinearImpl>> nested;
    final List<LinearImpl> view;
    final Set<Module> set;

    Collected() {
      super("Collected");
      for (int i = 0; i < array.length; i++) {
        array[i] = register_module("array" + i, new LinearImpl(4, 4));
      }
      grid[0][0] = register_module("grid", new LinearImpl(4, 4));
      list.add(register_module("list0", new LinearImpl(4, 4)));
      fixedList =
          List.of(
              register_module("fixed0", new LinearImpl(4, 4)),
              register_module("fixed1", new LinearImpl(4, 4)));
      map.put("m", register_module("map", new LinearImpl(4, 4)));
      nested = Map.of("n", List.of(register_module("nested", new LinearImpl(4, 4))));
      view = Collections.unmodifiableList(list);
      set = Set.of(list.get(0));
    }

    public Tensor forward(Tensor x) {
      Tensor y = x;
      for (LinearImpl layer : array) {
        y = layer.forward(y);
      }
      y = grid[0][0].forward(y);
      for (LinearImpl layer : view) {
        y = layer.forward(y);
      }
      for (LinearImpl layer : fixedList) {
        y = layer.forward(y);
      }
      y = map.get("m").forward(y);
      return nested.get("n").get(0).forward(y);
    }
  }

  /** libtorch's containers, nested, with elements held in fields, too. */
  static class Contained extends Module {
    final SequentialImpl body = new SequentialImpl();
    final ModuleListImpl layers = new ModuleListImpl();
    final ModuleDictImpl heads;
    final List<LinearImpl> direct = new ArrayList<>();

    Contained() {
      super("Contained");
      body.push_back("fc", new LinearImpl(4, 4));
      body.push_back("act", new ReLUImpl());
      body.push_back("out", new LinearImpl(4, 4));
      register_module("body", body);
      register_module("layers", layers);
      for (int i = 0; i < 2; i++) {
        LinearImpl layer = new LinearImpl(4, 4);
        layers.push_back(layer);
        direct.add(layer);
      }
      SequentialImpl inner = new SequentialImpl();
      inner.push_back("fc", new LinearImpl(4, 4));
      layers.push_back(inner);
      heads = register_module("heads", new ModuleDictImpl());
      heads.register_module("a", new LinearImpl(4, 4));
    }

    public Tensor forward(Tensor x) {
      Tensor y = body.forward(x);
      for (long i = 0; i < 2; i++) {
        y = layers.get(i).asLinear().forward(y);
      }
      return layers.get(2).asSequential().forward(y);
    }
  }

  /** One layer under two names. */
  static class Tied extends Module {
    final LinearImpl a = register_module("a", new LinearImpl(4, 4));
    final LinearImpl b = register_module("b", a);

    Tied() {
      super("Tied");
    }

    public Tensor forward(Tensor x) {
      return b.forward(a.forward(x));
    }
  }

  /** A block that is used by two parents. */
  static class Block extends Module {
    private final LinearImpl fc;

    Block(LinearImpl fc) {
      super("Block");
      this.fc = register_module("fc", fc);
    }

    public Tensor forward(Tensor x) {
      return fc.forward(x);
    }
  }

  static class Cousins extends Module {
    final Block p;
    final Block q;

    Cousins() {
      super("Cousins");
      LinearImpl shared = new LinearImpl(4, 4);
      p = register_module("p", new Block(shared));
      q = register_module("q", new Block(shared));
    }

    public Tensor forward(Tensor x) {
      return q.forward(p.forward(x));
    }
  }

  record Pair(LinearImpl left, LinearImpl right) {}

  /** A field that can be set and a record that cannot, for the same module. */
  static class Recorded extends Module {
    final LinearImpl fc = register_module("fc", new LinearImpl(4, 4));
    final Pair pair = new Pair(fc, fc);

    Recorded() {
      super("Recorded");
    }

    public Tensor forward(Tensor x) {
      return pair.left().forward(x);
    }
  }
}
