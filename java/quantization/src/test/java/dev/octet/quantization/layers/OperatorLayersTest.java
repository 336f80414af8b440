// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.rand;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperatorLayersTest {

  private final Map<String, GraphAttribute> tensors = new LinkedHashMap<>();
  private final MethodWriter writer = new MethodWriter("x");
  private final KnownLayers layers = new KnownLayers(new SharedTensors());

  private GraphValue parameter(String name, long... shape) {
    return tensor(name, randn(shape), GraphAttribute.Kind.PARAMETER);
  }

  private GraphValue tensor(String name, Tensor tensor, GraphAttribute.Kind kind) {
    tensors.put(name, new GraphAttribute(tensor, kind));
    return writer.read(name);
  }

  private GraphValue x() {
    return writer.input("x");
  }

  private GraphValue conv2d(GraphValue input, GraphValue weight, GraphValue bias, long stride) {
    return writer.function(
        "aten::conv2d",
        input,
        weight,
        bias,
        List.of(stride, stride),
        List.of(0L, 0L),
        List.of(1L, 1L),
        1L);
  }

  private GraphValue linear(GraphValue input, GraphValue weight, GraphValue bias) {
    return writer.function("aten::linear", input, weight, bias);
  }

  private RebuiltGraph rebuild(GraphMethod method) {
    return OperatorLayers.rebuild(method, tensors, Map.of(), false, layers);
  }

  /** A graph with such a forward. Only constants may have names with dots. */
  private static GraphModule graph(
      GraphMethod forward, Map<String, Module> children, Map<String, GraphAttribute> tensors) {
    Map<String, GraphAttribute> constants = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) ->
            constants.put(name, new GraphAttribute(tensor.tensor(), GraphAttribute.Kind.CONSTANT)));
    return GraphModule.of(
        new GraphDefinition(
            "Model", children, constants, Map.of(), Map.of("forward", forward), false));
  }

  private Tensor before(GraphMethod method, Tensor... inputs) {
    return (Tensor) graph(method, Map.of(), tensors).forwardAny((Object[]) inputs);
  }

  private Tensor after(RebuiltGraph rebuilt, Tensor... inputs) {
    Map<String, GraphAttribute> left = new LinkedHashMap<>(tensors);
    left.keySet().removeAll(rebuilt.unread());
    return (Tensor) graph(rebuilt.method(), rebuilt.children(), left).forwardAny((Object[]) inputs);
  }

  private static List<String> types(RebuiltGraph rebuilt) {
    return rebuilt.modules().values().stream().map(ModuleTypes::typeName).toList();
  }

  private static List<String> operators(GraphMethod method) {
    return method.nodes().stream()
        .filter(node -> node.kind() == Kind.CALL_FUNCTION)
        .map(node -> node.target())
        .toList();
  }

  @Test
  void namesLayersAfterTheirWeights() {
    GraphValue conv =
        conv2d(
            x(),
            parameter("features.conv.weight", 4, 3, 3, 3),
            parameter("features.conv.bias", 4),
            1);
    GraphValue norm =
        writer.function(
            "aten::batch_norm",
            conv,
            parameter("features.norm.weight", 4),
            parameter("features.norm.bias", 4),
            tensor("features.norm.running_mean", randn(4), GraphAttribute.Kind.BUFFER),
            tensor("features.norm.running_var", rand(4), GraphAttribute.Kind.BUFFER),
            false,
            0.1,
            1e-5,
            true);
    GraphValue flat =
        writer.function("aten::flatten.using_ints", writer.function("aten::relu", norm), 1L, -1L);
    GraphValue hidden =
        linear(flat, parameter("head.0.weight", 5, 16), parameter("head.0.bias", 5));
    GraphValue normed =
        writer.function(
            "aten::layer_norm",
            writer.function("aten::gelu", hidden, "none"),
            List.of(5L),
            parameter("head.2.weight", 5),
            parameter("head.2.bias", 5),
            1e-5,
            true);
    GraphMethod method = writer.returns(linear(normed, parameter("out.weight", 2, 5), null));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(
        List.of("features.conv", "features.norm", "head.0", "head.2", "out"),
        List.copyOf(rebuilt.modules().keySet()));
    assertEquals(List.of("Conv2d", "BatchNorm2d", "Linear", "LayerNorm", "Linear"), types(rebuilt));
    assertEquals(List.of("features", "head", "out"), List.copyOf(rebuilt.children().keySet()));
    assertEquals(
        List.of("aten::relu", "aten::flatten.using_ints", "aten::gelu"),
        operators(rebuilt.method()));
    assertEquals(tensors.keySet(), rebuilt.unread());
    Tensor x = randn(2, 3, 4, 4);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
    GraphModule features = (GraphModule) rebuilt.children().get("features");
    assertTrue(features.methods().isEmpty());
    assertEquals(
        Set.of(
            "conv.weight",
            "conv.bias",
            "norm.weight",
            "norm.bias",
            "norm.running_mean",
            "norm.running_var"),
        StateDict.of(features).keySet());
  }

  @Test
  void numbersLayersWithoutNames() {
    GraphValue first = linear(x(), parameter("weight", 4, 4), null);
    GraphValue second =
        linear(
            first,
            tensor("_constant_62", randn(4, 4), GraphAttribute.Kind.CONSTANT),
            tensor("_constant_63", randn(4), GraphAttribute.Kind.CONSTANT));
    GraphValue third =
        linear(
            second,
            tensor("_constant_self_fc_weight", randn(4, 4), GraphAttribute.Kind.CONSTANT),
            null);
    GraphMethod method = writer.returns(linear(third, parameter("out_weight", 3, 4), null));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(
        List.of("linear_0", "linear_1", "fc", "out"), List.copyOf(rebuilt.modules().keySet()));
    Tensor x = randn(2, 4);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
  }

  @Test
  void callsOneModuleForEqualUses() {
    GraphValue weight = parameter("shared.weight", 3, 3, 2, 2);
    GraphValue bias = parameter("shared.bias", 3);
    GraphValue first = conv2d(x(), weight, bias, 1);
    GraphValue second = conv2d(first, weight, bias, 1);
    GraphValue third = conv2d(second, weight, bias, 2);
    GraphMethod method = writer.returns(conv2d(third, weight, null, 1));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(List.of("shared", "conv_0", "conv_1"), List.copyOf(rebuilt.modules().keySet()));
    assertEquals(
        List.of("shared", "shared", "conv_0", "conv_1"),
        rebuilt.method().nodes().stream()
            .filter(node -> node.kind() == Kind.CALL_MODULE)
            .map(node -> node.target())
            .toList());
    Tensor x = randn(1, 3, 9, 9);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
    Conv2dImpl named = (Conv2dImpl) rebuilt.modules().get("shared");
    Conv2dImpl other = (Conv2dImpl) rebuilt.modules().get("conv_0");
    assertEquals(
        named.weight().unsafeGetTensorImpl().address(),
        other.weight().unsafeGetTensorImpl().address());
  }

  @ParameterizedTest
  @ValueSource(strings = {"aten::add.Tensor", "aten::add_.Tensor"})
  void recognizesProducts(String sum) {
    GraphValue product =
        writer.function(
            "aten::matmul", x(), writer.function("aten::t", parameter("a.weight", 4, 4)));
    GraphValue first = writer.function(sum, product, parameter("a.bias", 4), 1L);
    GraphValue second =
        writer.function(
            "aten::addmm",
            parameter("b.bias", 5),
            first,
            writer.function("aten::transpose.int", parameter("b.weight", 5, 4), -2L, -1L),
            1L,
            1L);
    GraphValue third =
        writer.function(
            "aten::matmul", second, writer.function("aten::t", parameter("c.weight", 4, 5)));
    GraphMethod method =
        writer.returns(
            writer.function(
                "aten::addmm",
                tensor("_constant_1", randn(3), GraphAttribute.Kind.CONSTANT),
                third,
                tensor("_constant_2", randn(4, 3), GraphAttribute.Kind.CONSTANT),
                1L,
                1L));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(List.of("a", "b", "c", "linear_0"), List.copyOf(rebuilt.modules().keySet()));
    assertEquals(List.of(), operators(rebuilt.method()));
    assertEquals(
        3, ((LinearImpl) rebuilt.modules().get("linear_0")).options().out_features().get());
    Tensor x = randn(2, 4);
    assertTrue(before(method, x).allclose(after(rebuilt, x)));
    assertFalse(((LinearImpl) rebuilt.modules().get("c")).bias().defined());
  }

  @Test
  void keepsASumThatSomethingElseNeeds() {
    GraphValue product =
        writer.function(
            "aten::matmul", x(), writer.function("aten::t", parameter("a.weight", 4, 4)));
    GraphValue sum = writer.function("aten::add.Tensor", product, parameter("a.bias", 4), 1L);
    GraphMethod method = writer.returns(List.of(product, sum));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(List.of("aten::add.Tensor"), operators(rebuilt.method()));
    assertFalse(((LinearImpl) rebuilt.modules().get("a")).bias().defined());
    assertEquals(Set.of("a.weight"), rebuilt.unread());
  }

  @Test
  void replacesOperatorsInBlocks() {
    GraphValue weight = parameter("body.weight", 4, 4);
    GraphValue bias = parameter("body.bias", 4);
    GraphValue condition =
        writer.function("aten::gt.int", writer.function("aten::size.int", x(), 0L), 2L);
    int from = writer.size();
    GraphValue inYes = linear(x(), weight, bias);
    GraphBlock yes = writer.block(from, List.of(), inYes);
    int second = writer.size();
    GraphValue product = writer.function("aten::matmul", x(), writer.function("aten::t", weight));
    GraphValue sum = writer.function("aten::add.Tensor", product, bias, 1L);
    GraphBlock no = writer.block(second, List.of(), sum);
    GraphValue chosen = writer.control(Kind.IF, List.of(condition), yes, no);
    List<GraphValue> parameters =
        new ArrayList<>(List.of(new GraphValue("round"), new GraphValue("carried")));
    int third = writer.size();
    GraphValue inLoop = linear(parameters.get(1), weight, bias);
    GraphBlock body = writer.block(third, parameters, true, inLoop);
    GraphMethod method = writer.returns(writer.control(Kind.LOOP, List.of(3L, true, chosen), body));
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(List.of("body"), List.copyOf(rebuilt.modules().keySet()));
    assertEquals(tensors.keySet(), rebuilt.unread());
    for (long rows = 1; rows < 5; rows++) {
      Tensor x = randn(rows, 4);
      assertTrue(before(method, x).allclose(after(rebuilt, x)));
    }
  }

  @Test
  void callsLayersThatAreThere() {
    MethodWriter ofLayer = new MethodWriter("x");
    GraphMethod own =
        ofLayer.returns(
            ofLayer.function("aten::linear", ofLayer.input("x"), ofLayer.read("weight"), null));
    RecordedLayer recorded =
        new RecordedLayer(
            "torch.nn.modules.linear.Linear",
            List.of(own),
            Map.of("weight", new GraphAttribute(randn(4, 4), GraphAttribute.Kind.PARAMETER)),
            Map.of(),
            Map.of(),
            false);
    Module there = layers.recognize(recorded).module().orElseThrow();
    tensors.put("block.fc.weight", recorded.tensors().get("weight"));
    GraphModule block =
        GraphModule.of(
            new GraphDefinition("Block", Map.of("fc", there), Map.of(), Map.of(), Map.of(), false));
    GraphValue first = linear(x(), writer.read("block.fc.weight"), null);
    GraphMethod method = writer.returns(linear(first, parameter("block.other.weight", 4, 4), null));
    RebuiltGraph rebuilt =
        OperatorLayers.rebuild(method, tensors, Map.of("block", block), false, layers);
    assertSame(there, rebuilt.modules().get("block.fc"));
    // A graph that is there is not changed.
    assertEquals(List.of("block.fc", "linear_0"), List.copyOf(rebuilt.modules().keySet()));
    assertSame(block, rebuilt.children().get("block"));
    Tensor x = randn(2, 4);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
  }

  @Test
  void leavesOtherOperatorsAlone() {
    GraphValue weight = parameter("w.weight", 4, 4);
    GraphValue changed = writer.function("aten::mul.Scalar", weight, 2.0);
    GraphValue first = linear(x(), changed, null);
    GraphValue normed =
        writer.function("aten::layer_norm", first, List.of(4L), null, null, 1e-5, true);
    // Of an input whose rank is not known.
    GraphValue batch =
        writer.function(
            "aten::batch_norm",
            normed,
            null,
            null,
            tensor("n.running_mean", randn(4), GraphAttribute.Kind.BUFFER),
            tensor("n.running_var", rand(4), GraphAttribute.Kind.BUFFER),
            false,
            0.1,
            1e-5,
            true);
    GraphValue product = writer.function("aten::matmul", batch, weight);
    GraphValue scaled = writer.function("aten::add.Tensor", product, parameter("b", 4), 2L);
    GraphMethod method = writer.returns(scaled);
    RebuiltGraph rebuilt = rebuild(method);
    assertTrue(rebuilt.modules().isEmpty(), rebuilt.modules().toString());
    assertEquals(operators(method), operators(rebuilt.method()));
    assertTrue(rebuilt.unread().isEmpty());
    Tensor x = randn(2, 4);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
  }

  @Test
  void rebuildsEmbeddings() {
    GraphValue rows =
        writer.function("aten::embedding", parameter("words.weight", 9, 4), x(), 2L, false, false);
    GraphMethod method = writer.returns(rows);
    RebuiltGraph rebuilt = rebuild(method);
    assertEquals(List.of("Embedding"), types(rebuilt));
    Tensor x = randint(9, new long[] {3, 2}).to(ScalarType.Long);
    assertTrue(before(method, x).equal(after(rebuilt, x)));
  }

  @Test
  void rebuildsFrozenPrograms() {
    JitModule conv = new JitModule(new QualifiedName("__torch__.Conv"));
    conv.register_parameter("weight", randn(4, 3, 3, 3), false);
    conv.register_parameter("bias", randn(4), false);
    conv.define(
        "def forward(self, x):\n    return torch.conv2d(x, self.weight, self.bias, [1, 1])\n");
    JitModule fc = new JitModule(new QualifiedName("__torch__.Fc"));
    fc.register_parameter("weight", randn(5, 4), false);
    fc.register_parameter("bias", randn(5), false);
    fc.define("def forward(self, x):\n    return torch.linear(x, self.weight, self.bias)\n");
    JitModule net = new JitModule(new QualifiedName("__torch__.Net"));
    net.register_module("conv", conv);
    net.register_module("fc", fc);
    net.define(
        """
        def forward(self, x):
            y = torch.relu(self.conv.forward(x))
            return self.fc.forward(torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1))
        """);
    net.eval();
    GraphModule graph = (GraphModule) TorchScriptImporter.of(torch.freeze(net)).model();
    assertTrue(graph.child("conv") instanceof Conv2dImpl, graph::toString);
    assertTrue(graph.child("fc") instanceof LinearImpl, graph::toString);
    Tensor x = randn(2, 3, 6, 6);
    assertTrue(LayerAssert.run(net, x).allclose(graph.forward(x)));
  }
}
