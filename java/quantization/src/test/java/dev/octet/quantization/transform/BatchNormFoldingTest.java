// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.module.QuantConv2d;
import dev.octet.quantization.tree.JavaSequential;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.NativeTensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class BatchNormFoldingTest {

  private static final double TOLERANCE = 1e-5;

  private static Tensor run(Module model, Tensor input) {
    return (Tensor) ModuleCall.forward(model, input);
  }

  private static void assertClose(Tensor expected, Tensor actual, double tolerance) {
    assertEquals(expected.scalar_type().intern(), actual.scalar_type().intern());
    double scale = expected.abs().max().item_double();
    double difference = expected.sub(actual).abs().max().item_double();
    assertTrue(difference <= tolerance * scale, difference + " of " + scale);
  }

  /** Folds a model in place and compares outputs; returns the report. */
  private static FoldingReport folds(Module model, Tensor input) {
    Tensor before = run(model, input);
    FoldingReport report = BatchNormFolding.fold(model);
    assertClose(before, run(report.model(), input), TOLERANCE);
    return report;
  }

  private static Map<String, List<Long>> state(Module model) {
    Map<String, List<Long>> state = new TreeMap<>();
    try (StringTensorDict parameters = model.named_parameters();
        StringTensorDict buffers = model.named_buffers()) {
      for (StringTensorDict dict : List.of(parameters, buffers)) {
        for (long i = 0; i < dict.size(); i++) {
          try (BytePointer key = dict.get(i).key()) {
            Tensor value = dict.get(i).value();
            state.put(key.getString(), Arrays.stream(value.shape()).boxed().toList());
          }
        }
      }
    }
    return state;
  }

  private static void checkPair(Module layer, Module norm, Tensor input) {
    JavaSequential chain = new JavaSequential(layer, norm, new ReLUImpl());
    FoldingReport report = folds(chain, input);
    assertEquals(List.of(new FoldingReport.Folded("1", "0")), report.folded());
    assertEquals(List.of(), report.left());
    assertEquals(Set.of("0.weight", "0.bias"), state(chain).keySet());
    assertInstanceOf(IdentityImpl.class, chain.childObjects().get("1"));
    assertSame(layer.getClass(), chain.childObjects().get("0").getClass());
    assertFalse(chain.childObjects().get("1").is_training());
  }

  @Test
  void foldsIntoConvolutions() {
    for (int dimensions = 1; dimensions <= 3; dimensions++) {
      for (boolean bias : new boolean[] {true, false}) {
        for (boolean affine : new boolean[] {true, false}) {
          for (long groups : new long[] {1, 2}) {
            checkPair(
                FoldingLayers.convolution(dimensions, bias, groups, affine ? 1 : 2),
                FoldingLayers.norm(dimensions, affine),
                FoldingLayers.input(dimensions));
            checkPair(
                FoldingLayers.transposed(dimensions, bias, groups),
                FoldingLayers.norm(dimensions, affine),
                FoldingLayers.input(dimensions));
          }
        }
      }
    }
  }

  @Test
  void foldsIntoLinear() {
    checkPair(FoldingLayers.linear(true), FoldingLayers.norm(1, true), FoldingLayers.input(0));
    checkPair(FoldingLayers.linear(false), FoldingLayers.norm(1, false), FoldingLayers.input(0));
  }

  @Test
  void roundsOnce() {
    JavaSequential chain =
        new JavaSequential(FoldingLayers.convolution(2, true, 1, 1), FoldingLayers.norm(2, true));
    chain.to(ScalarType.Double, false);
    Tensor input = FoldingLayers.input(2).to(ScalarType.Double);
    Tensor before = run(chain, input);
    Conv2dImpl original = (Conv2dImpl) chain.childObjects().get("0");
    BatchNormFolding.fold(chain);
    assertClose(before, run(chain, input), 1e-13);
    Conv2dImpl folded = (Conv2dImpl) chain.childObjects().get("0");
    assertNotSame(original, folded);
    assertEquals(ScalarType.Double, folded.bias().scalar_type().intern());
    assertTrue(folded.weight().requires_grad() && folded.bias().requires_grad());
    assertTrue(folded.weight().is_leaf() && folded.bias().is_leaf());
  }

  @Test
  void theFoldedLayerTrainsAndHasItsTensorsInTheStateDict() {
    JavaSequential chain =
        new JavaSequential(FoldingLayers.convolution(2, false, 1, 1), FoldingLayers.norm(2, true));
    BatchNormFolding.fold(chain);
    Conv2dImpl folded = (Conv2dImpl) chain.childObjects().get("0");
    run(chain, FoldingLayers.input(2)).sum().backward();
    assertEquals(FoldingLayers.OUT, folded.bias().grad().numel());
    assertTrue(folded.options().bias().get());
    try (StringTensorDict parameters = chain.named_parameters()) {
      assertEquals(
          folded.bias().data_ptr().address(), parameters.find("0.bias").data_ptr().address());
    }
    chain.to(ScalarType.Double, false);
    assertEquals(ScalarType.Double, folded.bias().scalar_type().intern());
  }

  private static Conv2dImpl conv() {
    return (Conv2dImpl) FoldingLayers.convolution(2, false, 1, 1);
  }

  private static Conv2dImpl wide() {
    return new Conv2dImpl(FoldingLayers.OUT, FoldingLayers.IN, FoldingLayers.sizes(2, 1));
  }

  private static BatchNorm2dImpl norm() {
    return (BatchNorm2dImpl) FoldingLayers.norm(2, true);
  }

  @Test
  void foldsInNativeSequentials() {
    SequentialImpl inner = new SequentialImpl();
    inner.push_back("conv", conv());
    inner.push_back("norm", norm());
    JavaSequential model = new JavaSequential(inner, new ReLUImpl());
    FoldingReport report = folds(model, FoldingLayers.input(2));
    assertEquals(List.of(new FoldingReport.Folded("0.norm", "0.conv")), report.folded());
    assertEquals(Set.of("0.conv.weight", "0.conv.bias"), state(model).keySet());
    assertSame(model, report.model());

    SequentialImpl root = new SequentialImpl();
    root.push_back("conv", conv());
    root.push_back("norm", norm());
    report = folds(root, FoldingLayers.input(2));
    assertEquals(List.of(new FoldingReport.Folded("norm", "conv")), report.folded());
    assertNotSame(root, report.model(), "a container of the presets can't be the root");
  }

  /** A residual block, twice: by modules of the graph itself and by a chain in it. */
  private static GraphModule residual() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.relu(b.call("bn1", norm(), b.call("conv1", conv(), x)));
    h = b.call("bn2", norm(), b.call("conv2", keeping(), h));
    GraphValue shortcut = b.call("down", new JavaSequential(conv(), norm()), x);
    GraphModule graph = b.output(b.relu(b.add(h, shortcut))).build();
    graph.eval();
    return graph;
  }

  private static Conv2dImpl keeping() {
    return new Conv2dImpl(FoldingLayers.OUT, FoldingLayers.OUT, FoldingLayers.sizes(2, 1));
  }

  @Test
  void foldsInGraphsAnywhereInTheTree() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue h = b.call("block", residual(), b.input("x"));
    GraphModule model = b.output(b.call("head", wide(), h)).build();
    FoldingReport report = folds(model, FoldingLayers.input(2));
    assertEquals(
        List.of(
            new FoldingReport.Folded("block.bn1", "block.conv1"),
            new FoldingReport.Folded("block.bn2", "block.conv2"),
            new FoldingReport.Folded("block.down.1", "block.down.0")),
        report.folded());
    assertEquals(List.of(), report.left());
    assertSame(model, report.model());
    assertEquals("block.bn1 folded into block.conv1", report.toString().lines().findFirst().get());
    assertEquals(
        List.of(
            "",
            "block",
            "block.conv1",
            "block.bn1",
            "block.conv2",
            "block.bn2",
            "block.down",
            "block.down.0",
            "block.down.1",
            "head"),
        ModuleTree.of(model).nodes().stream().map(node -> node.path()).toList());
    assertEquals(List.of(), BatchNormFolding.fold(model).folded());
  }

  @Test
  void leavesTheOriginalOfACopy() {
    GraphModule original = residual();
    Map<String, List<Long>> state = state(original);
    Tensor input = FoldingLayers.input(2);
    Tensor before = run(original, input);
    FoldingReport report = BatchNormFolding.foldCopy(original);
    assertEquals(3, report.folded().size());
    assertEquals(state, state(original));
    assertTrue(torch.equal(before, run(original, input)));
    assertClose(before, run(report.model(), input), TOLERANCE);
    original.child("conv1").parameters().get(0).detach().zero_();
    assertClose(before, run(report.model(), input), TOLERANCE);
  }

  @Test
  void aFoldedModelIsConverted() {
    GraphModule model = residual();
    Tensor input = FoldingLayers.input(2);
    BatchNormFolding.fold(model);
    Tensor before = run(model, input);
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder().defaultQConfig(QuantizationConfig.ofBits(8, 8)).build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    assertInstanceOf(QuantConv2d.class, converted.child("conv1"));
    assertClose(before, run(converted, input), 0.1);
    assertTrue(state(converted).keySet().containsAll(state(model).keySet()));
  }

  /** A model as users write it: the chain in a field, its layers in fields of their own. */
  static class Net extends Module {
    private final Conv2dImpl conv = conv();
    private final SequentialImpl features;

    Net() {
      super("Net");
      SequentialImpl chain = new SequentialImpl();
      chain.push_back("conv", conv);
      chain.push_back("norm", norm());
      features = register_module("features", chain);
    }

    public Tensor forward(Tensor x) {
      return features.forward(x);
    }
  }

  @Test
  void foldsInChainsOfModelsOfAUsersClass() {
    Net net = new Net();
    net.eval();
    Conv2dImpl before = net.conv;
    FoldingReport report = folds(net, FoldingLayers.input(2));
    assertEquals(1, report.folded().size(), report.toString());
    assertSame(net, report.model());
    assertNotSame(before, net.conv);
    FoldingReport copy = BatchNormFolding.foldCopy(evaluated(new Net()), Net::new);
    assertInstanceOf(Net.class, copy.model());
    assertEquals(1, copy.folded().size());
  }

  private static Module evaluated(Module model) {
    model.eval();
    return model;
  }

  @Test
  void foldsCallsOfTheOperator() {
    for (boolean affine : new boolean[] {true, false}) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue h = b.call("conv", conv(), b.input("x"));
      GraphValue weight = affine ? b.parameter("w", torch.randn(FoldingLayers.OUT)) : null;
      GraphValue bias = affine ? b.parameter("b", torch.randn(FoldingLayers.OUT)) : null;
      GraphValue mean = b.buffer("m", torch.randn(FoldingLayers.OUT));
      GraphValue variance = b.buffer("v", torch.rand(FoldingLayers.OUT));
      h = b.function("aten::batch_norm", h, weight, bias, mean, variance, false, 0.1, 1e-3, true);
      GraphModule inner = b.output(b.relu(h)).build();
      GraphModule model = GraphModule.sequential(inner);
      FoldingReport report = folds(model, FoldingLayers.input(2));
      assertEquals(List.of(new FoldingReport.Folded("0: batch_norm", "0.conv")), report.folded());
      assertEquals(
          List.of("x", "conv", "relu"), inner.nodes().stream().map(GraphNode::name).toList());
    }
  }

  @Test
  void saysWhyCallsOfTheOperatorAreLeft() {
    GraphBuilder b = GraphModule.builder("x", "mean");
    GraphValue ones = b.constant("ones", torch.ones(FoldingLayers.OUT));
    GraphValue first = b.call("conv", conv(), b.input("x"));
    GraphValue h = batchNorm(b, first, b.input("mean"), ones, false);
    h = batchNorm(b, h, ones, ones, true);
    h = batchNorm(b, h, ones, ones, false);
    h = batchNorm(b, b.call("conv2", keeping(), h), ones, b.constant("two", torch.ones(2)), false);
    GraphValue counted = b.buffer("counted", torch.ones(FoldingLayers.OUT));
    b.function("aten::add_.Scalar", counted, 1);
    h = batchNorm(b, b.call("conv3", keeping(), h), counted, ones, false);
    GraphModule model = b.output(h).build();
    FoldingReport report = BatchNormFolding.fold(model);
    assertEquals(List.of(), report.folded());
    List<String> reasons = report.left().stream().map(FoldingReport.Left::reason).toList();
    assertEquals("it has no running statistics that are attributes of the graph", reasons.get(0));
    assertTrue(reasons.get(1).contains("training mode"), reasons.get(1));
    assertTrue(reasons.get(2).contains("does not come from a convolution"), reasons.get(2));
    assertTrue(reasons.get(3).contains("not of the 6 channels of 'conv2'"), reasons.get(3));
    assertEquals("its running_mean is not always the same", reasons.get(4));
  }

  private static GraphValue batchNorm(
      GraphBuilder b, GraphValue x, GraphValue mean, GraphValue variance, boolean training) {
    return b.function("aten::batch_norm", x, null, null, mean, variance, training, 0.1, 1e-3, true);
  }

  private static void leaves(String reason, Module model) {
    Map<String, List<Long>> state = state(model);
    Tensor input = FoldingLayers.input(2);
    Tensor before = run(model, input);
    FoldingReport report = BatchNormFolding.fold(model);
    assertEquals(List.of(), report.folded());
    assertTrue(report.left().get(0).reason().contains(reason), report.toString());
    assertEquals(state, state(report.model()));
    assertTrue(torch.equal(before, run(report.model(), input)));
  }

  @Test
  void saysWhyModulesAreLeft() {
    BatchNorm2dImpl training = norm();
    training.train(true);
    BatchNormFolding.fold(new JavaSequential(conv(), training))
        .left()
        .forEach(left -> assertTrue(left.reason().contains("call eval()"), left.reason()));
    BatchNormOptions untracked = new BatchNormOptions(FoldingLayers.OUT);
    untracked.track_running_stats().put(false);
    BatchNorm2dImpl none = new BatchNorm2dImpl(untracked);
    none.eval();
    leaves("no running statistics", new JavaSequential(conv(), none));
    BatchNorm2dImpl first = new BatchNorm2dImpl(new BatchNormOptions(FoldingLayers.IN));
    first.eval();
    leaves("does not come from", new JavaSequential(first, conv()));
    leaves("'1', a ReLU, not", new JavaSequential(conv(), new ReLUImpl(), norm()));
    leaves("forward may do something else", new JavaSequential(conv(), new OwnNorm()));
    Conv2dImpl shared = keeping();
    leaves(
        "of '1' before it: it is registered at several paths: 1, 3",
        new JavaSequential(conv(), shared, norm(), shared));
    BatchNorm2dImpl norm = norm();
    leaves(
        "it is registered at several paths: 1, 3",
        new JavaSequential(conv(), norm, keeping(), norm));
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder().defaultQConfig(QuantizationConfig.ofBits(8, 8)).build());
    Module converted = Conversion.convertToQuantized(new JavaSequential(conv(), norm()), map);
    run(converted, FoldingLayers.input(2));
    converted.eval();
    leaves("is quantized already; fold before converting", converted);
  }

  /** Batch normalization with another forward. */
  static class OwnNorm extends BatchNorm2dImpl {
    OwnNorm() {
      super(new BatchNormOptions(FoldingLayers.OUT));
      eval();
    }

    @Override
    public Tensor forward(Tensor input) {
      return super.forward(input).neg();
    }
  }

  private static GraphModule graph(GraphBuilder b, Object output) {
    GraphModule graph = b.output(output).build();
    graph.eval();
    return graph;
  }

  @Test
  void saysWhyModulesInGraphsAreLeft() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue c = b.call("conv", conv(), b.input("x"));
    leaves("has other users", graph(b, b.add(b.call("bn", norm(), c), c)));

    b = GraphModule.builder("x");
    c = b.call("conv", keeping(), b.relu(b.call("first", conv(), b.input("x"))));
    GraphValue h = b.call("bn", norm(), c);
    leaves("before it: it is called at 2 places", graph(b, b.call("conv", h)));

    b = GraphModule.builder("x");
    h = b.call("bn", norm(), b.call("conv", conv(), b.input("x")));
    leaves("it is called at 2 places", graph(b, b.call("bn", h)));

    b = GraphModule.builder("x");
    h = b.call("bn", norm(), b.call("conv", conv(), b.input("x")));
    GraphValue tied = b.sum(b.attribute("conv.weight"), List.of(0, 1, 2, 3), false);
    leaves("its tensors are used by node 'conv_weight'", graph(b, b.add(h, tied)));

    b = GraphModule.builder("x");
    h = b.call("bn", norm(), b.relu(b.call("conv", conv(), b.input("x"))));
    leaves("does not come from a convolution", graph(b, h));

    Conv2dImpl twin = keeping();
    Conv2dImpl other = keeping();
    NativeTensors.setMember(other, "weight", twin.weight());
    NativeTensors.register(other, Map.of("weight", twin.weight(), "bias", other.bias()), Map.of());
    leaves("shares its weights", new JavaSequential(conv(), new ReLUImpl(), twin, norm(), other));
  }

  /** A model whose forward cannot be seen. */
  static class Opaque extends Module {
    private final Conv2dImpl conv = register_module("conv", conv());
    private final BatchNorm2dImpl norm = register_module("norm", norm());

    Opaque() {
      super("Opaque");
    }

    public Tensor forward(Tensor x) {
      return norm.forward(conv.forward(x));
    }
  }

  @Test
  void leavesWhatIsCalledByCodeThatCannotBeSeen() {
    Opaque opaque = new Opaque();
    opaque.eval();
    leaves("called by the code of Opaque", opaque);
  }

  /** Chains of which only the members are called, as by a loop over their layers. */
  @Test
  void foldsMembersOfChainsThatGraphsCallOneByOne() {
    GraphBuilder b = GraphModule.builder("x").child("layers", new JavaSequential(conv(), norm()));
    GraphModule model = graph(b, b.call("layers.1", b.call("layers.0", b.input("x"))));
    FoldingReport report = folds(model, FoldingLayers.input(2));
    assertEquals(List.of(new FoldingReport.Folded("layers.1", "layers.0")), report.folded());
    assertEquals(Set.of("layers.0.weight", "layers.0.bias"), state(model).keySet());
  }
}
