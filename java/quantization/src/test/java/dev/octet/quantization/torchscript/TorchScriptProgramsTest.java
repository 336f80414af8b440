// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphRaisedException;
import dev.octet.quantization.tree.ModelCopier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GenericDict;
import org.bytedeco.pytorch.GenericDictIterator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueArrayRef;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScriptTypeParser;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Imported programs do what libtorch's own interpreter does with them, bit for bit. */
class TorchScriptProgramsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Control flow.
        """
        def forward(self, x):
            if bool(x.sum() > 0):
                y = x + 1
                z = x * 2
            else:
                y = x - 1
                z = y * 3
            return y, z
        """,
        """
        def forward(self, x):
            y = x
            for i in range(x.size(0)):
                if i % 2 == 0:
                    continue
                y = y + x[i] * i
                if i > 4:
                    break
            return y
        """,
        """
        def forward(self, x):
            n = 0
            y = x
            while bool(y.abs().sum() > 1.0) and n < 20:
                y = y / 2
                n += 1
            return y, n
        """,
        """
        def forward(self, x):
            total = x
            for i in range(3):
                for j in range(2):
                    if i == j:
                        total = total + float(i)
                    else:
                        total = total * 1.5
            return total
        """,
        """
        def forward(self, x):
            if x.dim() == 1:
                return x
            y = x.sum()
            if bool(y > 100):
                return y
            return y + 1
        """,
        // Lists, which are shared and changed in place.
        """
        def forward(self, x):
            parts = []
            for i in range(x.size(0)):
                parts.append(x[i] * i)
            other = parts
            other.append(x[0])
            return torch.stack(parts), len(parts)
        """,
        """
        def forward(self, x):
            parts = [x, x + 1, x + 2]
            first = parts.pop(0)
            parts.insert(0, x * 7)
            parts.reverse()
            parts[1] = first
            return torch.cat(parts, 0), parts
        """,
        """
        def forward(self, x):
            shape = [s for s in x.size()]
            shape[0] = -1
            numbers = [1.5, 2.5]
            numbers.append(float(shape[1]))
            return x.reshape(shape), numbers, sum(shape), max(shape)
        """,
        """
        def forward(self, x):
            lists = [[x], [x + 1, x * 2]]
            lists[0].append(x - 1)
            n = 0
            y = x
            for l in lists:
                for t in l:
                    y = y + t
                    n += 1
            return y, n, lists
        """,
        """
        def forward(self, x):
            a, b, c = torch.chunk(x, 3, 1)
            d, e = torch.split(x, [2, 4], dim=1)
            return a + b * c, d.sum() + e.sum(), [a, b][1]
        """,
        // Dicts.
        """
        def forward(self, x):
            d = {"a": x, "b": x + 1}
            d["c"] = d["a"] * d["b"]
            y = x
            for k in d.keys():
                y = y + d[k] * len(k)
            for k, v in d.items():
                y = y - v
            if "zz" in d:
                y = y * 100
            return d, y
        """,
        """
        def forward(self, x):
            counts = {1: 2.0, 3: 4.0}
            total = 0.0
            for v in counts.values():
                total += v
            return x * total, counts.get(7, 5.0), counts
        """,
        // Tuples and None.
        """
        def forward(self, x):
            t = (x, (x + 1, 3), None)
            u, (v, n), w = t
            if w is None:
                u = u * n
            return u, v, t[1], t[0:2]
        """,
        // Views, slices, indexing, writing in place.
        """
        def forward(self, x):
            y = x.clone()
            y[0] = 5.0
            y[1:3, ::2] += 1
            y[:, -1].mul_(2)
            z = y.view(-1)
            z[3] = 9.0
            z.clamp_(-2.0, 4.0)
            m = y > 1
            return y, y[m], y[torch.tensor([0, 2])], x[..., None, 1:].transpose(0, 1), y.t().contiguous()
        """,
        """
        def forward(self, x):
            y = torch.zeros_like(x)
            y.copy_(x)
            y.relu_()
            y += x
            y.add_(x, alpha=2)
            h = y
            h.sub_(1)
            return y
        """,
        // Numbers, strings and types.
        """
        def forward(self, x):
            n = x.size(0) // 2 + int(x.size(1) / 3) - (-7 % 3) + (1 << 3)
            f = float(n) ** 0.5 * 3.14159
            s = "value {} of {}".format(n, "x") + "" + "{}".format("")
            b = not (n > 3 and f < 2.0) or s == "value"
            return x * n + f, s, b, n, f, x.dtype == 6
        """,
        """
        def forward(self, x):
            y = torch.arange(6, dtype=4).reshape(2, 3)
            z = torch.full([2, 3], 0.5, dtype=x.dtype, device=x.device)
            w = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
            return y.to(7), z + y, w.mm(w), int(y.sum()), y.float().mean().item()
        """,
        """
        def forward(self, x):
            v, i = torch.max(x, 1)
            values, indices = torch.topk(x, 2, dim=1)
            s, _ = torch.sort(x, dim=1, descending=True)
            return v, i, values, indices, s, torch.einsum("ij,kj->ik", [x, x])
        """,
        // Other methods, called before and after.
        """
        def helper(self, x, k: int = 3):
            if k == 0:
                return x
            return x * k
        def twice(self, x):
            return self.helper(self.helper(x), 2)
        def forward(self, x):
            return self.twice(x) + self.helper(x, 0)
        """,
        // Operators with lists, optional arguments and several results, as models use them.
        """
        def forward(self, x):
            h = torch.zeros([2, 4, 5])
            w = [torch.ones([15, 6]), torch.ones([15, 5]), torch.ones([15]), torch.zeros([15]),
                 torch.ones([15, 6]), torch.ones([15, 5]), torch.zeros([15]), torch.ones([15])]
            y, n = torch.gru(x[:4].unsqueeze(1).expand(-1, 3, -1), h, w, True, 1, 0.0, False, True, True)
            return y, n
        """,
        """
        def forward(self, x):
            q = x[:4].view(1, 2, 2, 6)
            mask = torch.ones([2, 2], dtype=11).tril()
            a = torch.scaled_dot_product_attention(q, q, q, mask, 0.0, False)
            b = torch.scaled_dot_product_attention(q, q, q, None, 0.0, True, scale=0.5)
            return a, b, torch.masked_fill(q, q > 0, -1.0)
        """,
        """
        def forward(self, x):
            y = x.unsqueeze(0).unsqueeze(0)
            up = torch.upsample_nearest2d(y, [8, 12])
            bi = torch.upsample_bilinear2d(y, None, False, [2.0, 1.5])
            p = torch.max_pool2d(y, [2, 2], [2, 2], [0, 0], [1, 1], True)
            c = torch.conv2d(y, torch.ones([2, 1, 3, 3]), None, [1, 2], [1, 1], [1, 1], 1)
            t = torch.conv_transpose1d(x, torch.ones([x.size(0), 2, 2]), None)
            return up, bi, p, c, t, torch.adaptive_avg_pool2d(y, [2, 3]), torch.pad(x, [1, 2], "reflect")
        """,
        """
        def forward(self, x):
            i = torch.tensor([[1, 0, 2]])
            g = torch.gather(x[:1], 1, i)
            y = x.clone()
            y[1, torch.tensor([0, 3])] = 7.0
            y.index_add_(0, torch.tensor([0, 1]), x[2:4])
            z = torch.where(y > 0, y, torch.zeros_like(y))
            z = z.scatter(1, torch.tensor([[0], [1]]), 9.0)
            a, b = torch.meshgrid([torch.arange(2), torch.arange(3)])
            return g, y, z, a, b, x.unbind(0)[1], x.cumsum(1), x.std(1, False), x.norm(2.0, [1]), x.flip([0, 1])
        """,
        """
        def forward(self, x):
            e = torch.embedding(x, torch.tensor([[0, 2], [1, 1]]), 0, False, False)
            n = torch.group_norm(x.unsqueeze(0), x.size(0), None, None, 1e-5)
            m = x.mean([0, 1], True, dtype=7)
            k = torch.bmm(x.unsqueeze(0), x.t().unsqueeze(0)).squeeze(0)
            r = x.roll([1, -1], [0, 1]).repeat([2, 1]).tile([1, 2])
            return e, n, m, k, r, torch.addmm(x, k, x, beta=0.5, alpha=2), x.permute(1, 0).stride(), x.numel()
        """,
        // Functions with options.
        """
        def forward(self, x):
            y = torch.layer_norm(x, [6])
            y = torch.softmax(y, -1)
            z = torch.constant_pad_nd(x, [1, 1, 0, 2], 0.5)
            return y, z, torch.gelu(x), torch.linear(x, x)
        """,
      })
  void doesWhatLibtorchDoes(String source) {
    try (PointerScope scope = new PointerScope()) {
      JitModule script = ScriptFixture.module("Program", source);
      check(script, torch.randn(4, 6).mul(new Scalar(3.0)));
      check(script, torch.ones(7, 6));
    }
  }

  private static void check(JitModule script, Object... inputs) {
    Path file = ScriptFixture.save(script);
    IValue expected = ScriptFixture.run(ScriptFixture.load(file), copies(inputs));
    GraphModule model = ScriptFixture.importFile(file);
    assertSame(expected, model.forwardAny(copies(inputs)), model.code());
  }

  private static Object[] copies(Object[] inputs) {
    return Arrays.stream(inputs)
        .map(each -> each instanceof Tensor tensor ? tensor.clone() : each)
        .toArray();
  }

  static void assertSame(IValue expected, Object actual, String code) {
    if (expected.isTensor()) {
      Tensor wanted = expected.toTensor();
      Tensor given = (Tensor) actual;
      assertEquals(wanted.scalar_type().intern(), given.scalar_type().intern(), code);
      assertTrue(torch.equal(wanted, given), code);
    } else if (expected.isNone()) {
      assertEquals(null, actual, code);
    } else if (expected.isInt()) {
      assertEquals(expected.toInt(), actual, code);
    } else if (expected.isDouble()) {
      assertEquals(expected.toDouble(), actual, code);
    } else if (expected.isBool()) {
      assertEquals(expected.toBool(), actual, code);
    } else if (expected.isString()) {
      assertEquals(expected.toStringRef().getString(), actual, code);
    } else if (expected.isGenericDict()) {
      GenericDict dict = expected.toGenericDict();
      Map<?, ?> map = (Map<?, ?>) actual;
      assertEquals(dict.size(), map.size(), code);
      List<Object> keys = new ArrayList<>(map.keySet());
      GenericDictIterator at = dict.begin();
      for (Object key : keys) {
        assertSame(at.access().key(), key, code);
        assertSame(at.access().value(), map.get(key), code);
        at.increment();
      }
    } else {
      List<IValue> items = new ArrayList<>();
      if (expected.isTuple()) {
        IValueVector elements = expected.toTuple().elements().vec();
        for (long i = 0; i < elements.size(); i++) {
          items.add(elements.get(i));
        }
      } else {
        IValueArrayRef list = expected.toListRef();
        for (long i = 0; i < list.size(); i++) {
          items.add(list.at(i));
        }
      }
      assertEquals(items.size(), ((List<?>) actual).size(), code);
      for (int i = 0; i < items.size(); i++) {
        assertSame(items.get(i), ((List<?>) actual).get(i), code);
      }
    }
  }

  @Test
  void optionalInputsMayBeLeftOut() {
    try (PointerScope scope = new PointerScope()) {
      JitModule script =
          ScriptFixture.module(
              "Optional",
              """
              def forward(self, x, mask: Optional[Tensor] = None, scale: float = 2.0,
                          names: List[str] = ["a"]):
                  if mask is not None:
                      x = x + mask
                  return x * scale * len(names)
              """);
      GraphModule model = ScriptFixture.importFile(ScriptFixture.save(script));
      Tensor x = torch.randn(2, 3);
      Tensor mask = torch.ones(2, 3);
      assertSame(ScriptFixture.run(script, x), model.forwardAny(x), "");
      assertSame(ScriptFixture.run(script, x, mask), model.forwardAny(x, mask), "");
      assertSame(ScriptFixture.run(script, x, mask, 3.0), model.forwardAny(x, mask, 3.0), "");
      Tensor two = (Tensor) model.forwardAny(x, null, 1, List.of("a", "b"));
      assertTrue(torch.equal(two, x.mul(new Scalar(2.0))));
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> model.forwardAny());
      assertTrue(error.getMessage().contains("takes 1 to 4 arguments"), error.getMessage());
    }
  }

  @Test
  void listsAndDictsCanBeInputs() {
    try (PointerScope scope = new PointerScope()) {
      JitModule script =
          ScriptFixture.module(
              "Inputs",
              """
              def forward(self, xs: List[Tensor], d: Dict[str, Tensor], t: Tuple[Tensor, int]):
                  xs.append(d["a"])
                  a, n = t
                  return torch.cat(xs, 0) * n, a + d["b"]
              """);
      GraphModule model = ScriptFixture.importFile(ScriptFixture.save(script));
      Tensor x = torch.ones(1, 2);
      List<?> result =
          (List<?>)
              model.forwardAny(
                  List.of(x, x), Map.of("a", torch.zeros(1, 2), "b", x), List.of(x, 3L));
      assertEquals(3, ((Tensor) result.get(0)).size(0));
      assertEquals(2.0, ((Tensor) result.get(1)).max().item_double());
    }
  }

  @Test
  void exceptionsOfTheProgramAreRaised() {
    try (PointerScope scope = new PointerScope()) {
      JitModule script =
          ScriptFixture.module(
              "Raises",
              """
              def forward(self, x):
                  assert x.size(0) == 2, "two rows are needed, not {}".format(x.size(0))
                  return x
              """);
      GraphModule model = ScriptFixture.importFile(ScriptFixture.save(script));
      GraphRaisedException raised =
          assertThrows(GraphRaisedException.class, () -> model.forwardAny(torch.ones(3, 1)));
      assertTrue(raised.getMessage().contains("two rows are needed, not 3"), raised.getMessage());
    }
  }

  @Test
  void attributesThatMethodsSetAreState() {
    try (PointerScope scope = new PointerScope()) {
      JitModule script = ScriptFixture.module("State", "");
      script.register_buffer("total", torch.zeros(2));
      script.register_attribute("count", new ScriptTypeParser().parseType("int"), new IValue(0L));
      ScriptFixture.define(
          script,
          """
          def forward(self, x):
              before = self.total
              self.total = before + x
              self.count += 1
              return before, self.total, self.count
          """);
      Path file = ScriptFixture.save(script);
      JitModule libtorch = ScriptFixture.load(file);
      GraphModule model = ScriptFixture.importFile(file);
      GraphModule copy = ModelCopier.copy(model);
      Tensor x = torch.ones(2);
      for (int i = 0; i < 3; i++) {
        assertSame(ScriptFixture.run(libtorch, x), model.forwardAny(x), model.code());
      }
      assertEquals(3.0, model.attribute("total").max().item_double());
      assertEquals(1L, ((List<?>) copy.forwardAny(x)).get(2));
    }
  }

  /** Scripted recurrent layers have several forwards, traced ones one for every call. */
  @Test
  void wrappersSeeOtherForwardsToo() {
    try (PointerScope scope = new PointerScope()) {
      JitModule child =
          ScriptFixture.module(
              "Child",
              """
              def forward__0(self, x):
                  return x * 2
              def plain(self, x):
                  return x * 3
              """);
      JitModule script = ScriptFixture.module("Program", "");
      script.register_module("child", child);
      ScriptFixture.define(
          script,
          "def forward(self, x):\n    return self.child.forward__0(x), self.child.plain(x)\n");
      GraphModule model = ScriptFixture.importFile(ScriptFixture.save(script));
      QuantizationMap map =
          QuantizationMap.builder().input("child", ActivationQuantConfig.ofBits(2)).build();
      GraphModule quantized = (GraphModule) Conversion.convertToQuantized(model, map);
      Tensor x = torch.arange(new Scalar(4.0)).div(new Scalar(3.0));
      List<?> exact = (List<?>) model.forwardAny(x);
      List<?> result = (List<?>) quantized.forwardAny(x);
      assertTrue(torch.equal((Tensor) exact.get(1), (Tensor) result.get(1)), "not its forward");
      assertEquals(0, difference(exact.get(0), result.get(0)), 1e-6, "thirds are on the grid");
      quantized.eval();
      Tensor off = x.mul(new Scalar(0.9));
      List<?> snapped = (List<?>) quantized.forwardAny(off);
      assertTrue(difference(((List<?>) model.forwardAny(off)).get(0), snapped.get(0)) > 0.1);
    }
  }

  private static double difference(Object a, Object b) {
    return ((Tensor) a).sub((Tensor) b).abs().max().item_double();
  }

  @Test
  void withBlocksEnterAndLeave() {
    try (PointerScope scope = new PointerScope()) {
      JitModule script =
          ScriptFixture.module("Program", "def forward(self, x):\n    return x * 2\n");
      Path file =
          ScriptFixture.edit(
              ScriptFixture.save(script),
              Map.of(
                  "code/__torch__.py",
                  """
                  class Program(Module):
                    __parameters__ = []
                    __buffers__ = []
                    def forward(self: __torch__.Program, x: Tensor) -> Tensor:
                      _0 = __torch__.torch.autograd.grad_mode.no_grad.__new__(__torch__.torch.autograd.grad_mode.no_grad)
                      _1 = (_0).__init__()
                      with _0:
                        y = torch.mul(x, 2)
                        if torch.gt(torch.size(x, 0), 3):
                          ops.prim.RaiseException("too long", "builtins.ValueError")
                        else:
                          pass
                      return torch.add(torch.mul(x, 3), y)
                  """,
                  "code/__torch__/torch/autograd/grad_mode.py",
                  """
                  class no_grad:
                    prev : bool
                    def __init__(self: __torch__.torch.autograd.grad_mode.no_grad) -> NoneType:
                      self.prev = False
                      return None
                    def __enter__(self: __torch__.torch.autograd.grad_mode.no_grad) -> NoneType:
                      self.prev = torch.is_grad_enabled()
                      _0 = torch.set_grad_enabled(False)
                      return None
                    def __exit__(self: __torch__.torch.autograd.grad_mode.no_grad,
                        exc_type: Any,
                        exc_value: Any,
                        traceback: Any) -> NoneType:
                      _1 = torch.set_grad_enabled(self.prev)
                      return None
                  """));
      GraphModule model = ScriptFixture.importFile(file);
      Tensor x = torch.ones(3).set_requires_grad(true);
      Tensor y = (Tensor) model.forwardAny(x);
      y.sum().backward();
      assertEquals(5.0, y.max().item_double());
      assertEquals(3.0, x.grad().max().item_double(), "the product in the block has no gradient");
      assertThrows(GraphRaisedException.class, () -> model.forwardAny(torch.ones(4)));
      assertTrue(GradMode.is_enabled());
    }
  }

  @Test
  void whatCannotBeImportedIsNamed() {
    try (PointerScope scope = new PointerScope()) {
      JitModule inner = ScriptFixture.module("Inner", "");
      inner.register_attribute("count", new ScriptTypeParser().parseType("int"), new IValue(0L));
      ScriptFixture.define(inner, "def forward(self, x):\n    return x * self.count\n");
      JitModule child = ScriptFixture.module("Child", "");
      child.register_module("inner", inner);
      ScriptFixture.define(
          child,
          """
          def forward(self, x):
              self.inner.count = 3
              return self.inner.forward(x)
          """);
      JitModule script = ScriptFixture.module("Program", "");
      script.register_module("deep", child);
      ScriptFixture.define(script, "def forward(self, x):\n    return self.deep.forward(x)\n");
      Path file = ScriptFixture.save(script);
      TorchScriptImportException error =
          assertThrows(TorchScriptImportException.class, () -> TorchScriptImporter.load(file));
      assertEquals("deep", error.modulePath());
      assertEquals("prim::SetAttr", error.node());
      assertTrue(error.source().contains("self.inner.count = 3"), error.source());
    }
  }
}
