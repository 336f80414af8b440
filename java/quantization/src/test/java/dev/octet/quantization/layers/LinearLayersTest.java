// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTypes;
import org.bytedeco.pytorch.BilinearImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinearLayersTest {

  private static LayerArchive linear() {
    return LayerArchive.of("linear.Linear")
        .parameter("weight", randn(3, 5))
        .parameter("bias", randn(3));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.linear(x, self.weight, self.bias)",
        "torch.addmm(self.bias, x, torch.t(self.weight))",
        "torch.addmm(self.bias, x, torch.transpose(self.weight, 0, 1), beta=1, alpha=1)",
      })
  void recognizesLinear(String expression) {
    LinearImpl linear =
        assertRecognized(LinearImpl.class, linear().returns(expression), randn(4, 5));
    assertEquals(5, linear.options().in_features().get());
    assertEquals(3, linear.options().out_features().get());
    assertTrue(linear.options().bias().get());
  }

  @Test
  void recognizesProductWithBiasAddedInPlace() {
    LayerArchive archive =
        linear()
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  bias = self.bias
                  weight = self.weight
                  output = torch.matmul(input, torch.t(weight))
                  return torch.add_(output, bias, alpha=1)
                """);
    assertRecognized(LinearImpl.class, archive, randn(2, 4, 5));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.linear(x, self.weight, None)",
        "torch.matmul(x, torch.t(self.weight))",
      })
  void recognizesLinearWithoutBias(String expression) {
    LayerArchive archive =
        LayerArchive.of("linear.Linear").parameter("weight", randn(3, 5)).returns(expression);
    LinearImpl linear = assertRecognized(LinearImpl.class, archive, randn(4, 5));
    assertFalse(linear.options().bias().get());
    assertFalse(linear.bias().defined());
  }

  @Test
  void keepsTheTypeOfTheSubclass() {
    LayerArchive archive =
        LayerArchive.of("linear.NonDynamicallyQuantizableLinear")
            .parameter("weight", randn(3, 5))
            .parameter("bias", randn(3))
            .returns("torch.linear(x, self.weight, self.bias)");
    LinearImpl linear =
        assertRecognized(NonDynamicallyQuantizableLinear.class, archive, randn(4, 5));
    assertEquals("NonDynamicallyQuantizableLinear", ModuleTypes.typeName(linear));
    LinearImpl copy = ModelCopier.copy(linear);
    assertEquals(NonDynamicallyQuantizableLinear.class, copy.getClass());
    Tensor x = randn(2, 5);
    assertTrue(linear.forward(x).equal(copy.forward(x)));
  }

  @Test
  void isImportedUnderItsMangledName() {
    JitModule module =
        new JitModule(
            new QualifiedName("__torch__.torch.nn.modules.linear.___torch_mangle_7.Linear"));
    module.register_parameter("weight", randn(3, 5), false);
    module.register_parameter("bias", randn(3), false);
    module.define("def forward(self, x):\n    return torch.linear(x, self.weight, self.bias)\n");
    Module imported = TorchScriptImporter.of(module).model();
    assertEquals(LinearImpl.class, imported.getClass());
    LayerAssert.assertSame(module, imported, randn(2, 5));
  }

  @Test
  void recognizesLinearThatIsNeverCalled() {
    LinearImpl linear =
        (LinearImpl) LayerAssert.recognize(linear(), linear().load()).module().orElseThrow();
    assertEquals(5, linear.options().in_features().get());
    assertTrue(linear.options().bias().get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.linear(torch.relu(x), self.weight, self.bias)",
        "torch.relu(torch.linear(x, self.weight, self.bias))",
        "torch.addmm(self.bias, x, torch.t(self.weight), beta=2)",
        "torch.addmm(self.bias, x, torch.t(self.weight), alpha=0.5)",
        "torch.add(torch.matmul(x, torch.t(self.weight)), self.bias, alpha=2)",
        "torch.linear(x, torch.mul(self.weight, 2), self.bias)",
        "torch.linear(x, self.weight, torch.neg(self.bias))",
        "torch.linear(torch.add_(x, 1), self.weight, self.bias)",
        "x",
      })
  void rejectsOtherPrograms(String expression) {
    assertRejected(linear().returns(expression), "where");
  }

  @Test
  void rejectsUnusedTensorsAndEffects() {
    assertRejected(
        linear().buffer("mask", randn(3)).returns("torch.linear(x, self.weight, self.bias)"),
        "[mask]");
    assertRejected(linear().returns("torch.linear(x, self.weight, None)"), "[bias]");
    assertRejected(
        linear()
            .method(
                """
                def forward(self,
                    x: Tensor) -> Tensor:
                  _0 = torch.add_(x, 1)
                  return torch.linear(x, self.weight, self.bias)
                """),
        "also does aten::add_");
    assertRejected(
        linear()
            .method(
                """
                def forward(self,
                    x: Tensor,
                    y: Tensor) -> Tensor:
                  return torch.linear(x, self.weight, self.bias)
                """),
        "more than 1 arguments");
  }

  @Test
  void rejectsWhatDependsOnTheModeOrTheInput() {
    assertRejected(
        linear()
            .method(
                """
                def forward(self,
                    x: Tensor) -> Tensor:
                  if self.training:
                    y = torch.linear(x, self.weight, self.bias)
                  else:
                    y = torch.linear(x, self.weight, None)
                  return y
                """),
        "in training and evaluation");
    assertRejected(
        linear()
            .method(
                """
                def forward(self,
                    x: Tensor) -> Tensor:
                  if torch.gt(torch.size(x, 0), 3):
                    y = torch.linear(x, self.weight, self.bias)
                  else:
                    y = x
                  return y
                """),
        "one of two values");
  }

  @Test
  void recognizesBilinear() {
    BilinearImpl bilinear =
        assertRecognized(
            BilinearImpl.class,
            LayerArchive.of("linear.Bilinear")
                .parameter("weight", randn(3, 5, 4))
                .parameter("bias", randn(3))
                .method(
                    """
                    def forward(self,
                        input1: Tensor,
                        input2: Tensor) -> Tensor:
                      _0 = __torch__.torch.nn.functional.bilinear
                      weight = self.weight
                      bias = self.bias
                      return _0(input1, input2, weight, bias, )
                    """),
            randn(2, 5),
            randn(2, 4));
    assertEquals(5, bilinear.options().in1_features().get());
    assertEquals(4, bilinear.options().in2_features().get());
    assertEquals(3, bilinear.options().out_features().get());
  }

  @Test
  void recognizesIdentity() {
    assertRecognized(IdentityImpl.class, LayerArchive.of("linear.Identity").returns("x"), randn(2));
    LayerArchive traced =
        LayerArchive.of("linear.Identity")
            .method("def forward(self,\n    ) -> NoneType:\n  return None");
    Module identity = LayerAssert.recognize(traced, traced.load()).module().orElseThrow();
    assertEquals("Identity", ModuleTypes.typeName(identity));
    assertNull(ModuleCall.forward(identity));
    Tensor x = randn(2);
    assertTrue(x.equal(ModuleCall.forward(ModelCopier.copy(identity), x)));
    assertRejected(LayerArchive.of("linear.Identity").returns("torch.neg(x)"), "argument");
  }
}
