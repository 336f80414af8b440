// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static dev.octet.quantization.layers.LayerAssert.assertSame;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PReLUImpl;
import org.bytedeco.pytorch.RReLUImpl;
import org.bytedeco.pytorch.ReLUImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ActivationLayersTest {

  private static final String F = "__torch__.torch.nn.functional.";

  static Stream<Arguments> recorded() {
    return Stream.of(
            "Sigmoid torch.sigmoid(x)",
            "Tanh torch.tanh(x)",
            "LogSigmoid torch.log_sigmoid(x)",
            "GELU torch.gelu(x)",
            "Softplus torch.softplus(x)",
            "Softplus torch.softplus(x, 2, 1.5)",
            "Hardshrink torch.hardshrink(x, 0.25)",
            "Softshrink torch.softshrink(x, 0.25)",
            "SiLU torch.silu(x)",
            "SiLU " + F + "silu(x, False, )",
            "Mish torch.mish(x)",
            "ReLU torch.relu(x)",
            "ReLU torch.relu_(x)",
            "ReLU " + F + "relu(x, False, )",
            "ReLU " + F + "relu(x, True, )",
            "ReLU6 torch.relu6(x)",
            "ReLU6 torch.relu6_(x)",
            "ReLU6 torch.hardtanh(x, 0., 6.)",
            "ReLU6 torch.hardtanh_(x, 0, 6)",
            "ReLU6 " + F + "relu6(x, True, )",
            "LeakyReLU torch.leaky_relu(x, 0.2)",
            "LeakyReLU torch.leaky_relu_(x, 0.2)",
            "LeakyReLU " + F + "leaky_relu(x, 0.1, False, )",
            "ELU torch.elu(x, 0.7)",
            "ELU torch.elu_(x, 0.7)",
            "ELU " + F + "elu(x, 1., True, )",
            "SELU torch.selu(x)",
            "SELU torch.selu_(x)",
            "CELU torch.celu(x, 0.7)",
            "CELU torch.celu_(x, 0.7)",
            "Hardtanh torch.hardtanh(x)",
            "Hardtanh torch.hardtanh_(x, -2., 0.5)",
            "Hardtanh " + F + "hardtanh(x, -2., 0.5, False, )",
            "Threshold torch.threshold(x, 0.1, 20)",
            "Threshold torch.threshold_(x, 0.1, 20)",
            "Softmax torch.softmax(x, -1)",
            "Softmax " + F + "softmax(x, 1, 5, None, )",
            "LogSoftmax torch.log_softmax(x, 1)",
            "Softmin torch.softmax(torch.neg(x), 1)",
            "Softmin " + F + "softmin(x, -1, 5, None, )",
            "GLU torch.glu(x, 1)",
            "GLU torch.glu(x)",
            "Softsign torch.div(x, torch.add(torch.abs(x), 1))",
            "Softsign " + F + "softsign(x, )",
            "Tanhshrink torch.sub(x, torch.tanh(x))",
            "Tanhshrink " + F + "tanhshrink(x, )")
        .map(line -> Arguments.of(line.split(" ", 2)[0], line.split(" ", 2)[1]));
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void recognizes(String name, String expression) throws ClassNotFoundException {
    Class<? extends Module> type =
        Class.forName("org.bytedeco.pytorch." + name + "Impl").asSubclass(Module.class);
    LayerArchive archive = LayerArchive.of("activation." + name).returns(expression);
    Module module = assertRecognized(type, archive, randn(3, 4, 6));
    assertSame(archive.load(), ModelCopier.copy(module), randn(3, 4, 6));
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "tanh"})
  void recognizesApproximateGelu(String approximate) {
    GELUImpl gelu =
        assertRecognized(
            GELUImpl.class,
            LayerArchive.of("activation.GELU")
                .version(10)
                .returns("torch.gelu(x, approximate=\"" + approximate + "\")"),
            randn(3, 4));
    assertEquals(approximate, gelu.options().approximate().getString());
  }

  @ParameterizedTest
  @CsvSource({"SiLU, silu_", "Mish, mish_"})
  void recognizesInPlaceFormsThatThePresetsHaveNot(String name, String operator) {
    LayerArchive archive =
        LayerArchive.of("activation." + name).returns("torch." + operator + "(x)");
    Class<? extends Module> type = name.equals("SiLU") ? InPlaceSiLU.class : InPlaceMish.class;
    Module module = assertRecognized(type, archive, randn(3, 4));
    assertEquals(name, ModuleTypes.typeName(module));
    Module copy = ModelCopier.copy(module);
    assertEquals(type, copy.getClass());
    assertSame(archive.load(), copy, randn(3, 4));
  }

  @Test
  void recognizesSoftmaxOfImages() {
    Class<? extends Module> type = org.bytedeco.pytorch.Softmax2dImpl.class;
    assertRecognized(
        type,
        LayerArchive.of("activation.Softmax2d").returns("torch.softmax(x, -3)"),
        randn(2, 3, 4, 5));
    assertRecognized(
        type,
        LayerArchive.of("activation.Softmax2d")
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  if torch.eq(torch.dim(input), 4):
                    pass
                  else:
                    ops.prim.RaiseException("AssertionError: ")
                  return __torch__.torch.nn.functional.softmax(input, 1, 5, None, )
                """),
        randn(2, 3, 4, 5));
  }

  @Test
  void recognizesPReLU() {
    PReLUImpl prelu =
        assertRecognized(
            PReLUImpl.class,
            LayerArchive.of("activation.PReLU")
                .parameter("weight", randn(4))
                .returns("torch.prelu(x, self.weight)"),
            randn(3, 4, 2));
    assertEquals(4, prelu.options().num_parameters().get());
  }

  @Test
  void recognizesRReLUInBothModes() {
    LayerArchive scripted =
        LayerArchive.of("activation.RReLU")
            .returns(F + "rrelu(x, 0.1, 0.4, self.training, False, )");
    RReLUImpl rrelu = assertRecognized(RReLUImpl.class, scripted, randn(3, 4));
    assertEquals(0.1, rrelu.options().lower().get());
    JitModule recorded = scripted.load();
    assertSame(recorded, rrelu, true, randn(3, 4));
    assertSame(recorded, rrelu, false, randn(3, 4));
    assertRecognized(
        RReLUImpl.class,
        LayerArchive.of("activation.RReLU").returns("torch.rrelu(x, 0.1, 0.4, False)"),
        randn(3, 4));
  }

  static List<Arguments> others() {
    return List.of(
        Arguments.of("ReLU", "torch.sigmoid(x)"),
        Arguments.of("ReLU", "torch.relu(torch.relu(x))"),
        Arguments.of("ReLU", "torch.relu(torch.add_(x, 1))"),
        Arguments.of("Sigmoid", "torch.sigmoid_(x)"),
        Arguments.of("GELU", "torch.gelu_(x)"),
        Arguments.of("ELU", "torch.elu(x, 1., 2.)"),
        Arguments.of("ELU", "torch.elu(x, 1., 1., 2.)"),
        Arguments.of("ReLU6", "torch.hardtanh(x, 0., 5.)"),
        Arguments.of("ReLU6", "torch.hardtanh(x, -1., 6.)"),
        Arguments.of("Softmax", "torch.softmax(x, 1, 7)"),
        Arguments.of("Softmax", "torch.softmax(torch.neg(x), 1)"),
        Arguments.of("Softmax", "torch.log_softmax(x, 1)"),
        Arguments.of("Softmin", "torch.softmax(x, 1)"),
        Arguments.of("Softmax", F + "softmax(x, None, 5, None, )"),
        Arguments.of("LeakyReLU", "torch.leaky_relu(x, float(torch.size(x, 0)))"),
        Arguments.of("Softsign", "torch.div(x, torch.add(torch.abs(x), 2))"),
        Arguments.of("Softsign", "torch.div(x, torch.add(torch.neg(x), 1))"),
        Arguments.of("Tanhshrink", "torch.sub(x, torch.tanh(x), alpha=2)"),
        Arguments.of("Tanhshrink", "torch.sub(torch.tanh(x), x)"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void rejectsOtherPrograms(String name, String expression) {
    assertRejected(LayerArchive.of("activation." + name).returns(expression), "");
  }

  @Test
  void keepsWhatHasNoCounterpart() {
    LayerArchive archive = LayerArchive.of("activation.Hardswish").returns("torch.hardswish(x)");
    assertRejected(archive, "kept as it was recorded");
    assertTrue(
        LayerAssert.recognize(
                LayerArchive.ofUser("models.ReLU").returns("torch.relu(x)"),
                LayerArchive.ofUser("models.ReLU").returns("torch.relu(x)").load())
            .reason()
            .isEmpty());
  }

  @Test
  void comparesAllCallsThatWereTraced() {
    LayerArchive same =
        LayerArchive.of("activation.ReLU")
            .returns("torch.relu_(x)")
            .method("def forward1(self,\n    y: Tensor) -> Tensor:\n  return torch.relu_(y)");
    assertTrue(assertRecognized(ReLUImpl.class, same, randn(3)).options().inplace().get());
    assertRejected(
        LayerArchive.of("activation.ReLU")
            .returns("torch.relu_(x)")
            .method("def forward1(self,\n    y: Tensor) -> Tensor:\n  return torch.relu(y)"),
        "different things in several calls");
  }
}
