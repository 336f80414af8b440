// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static dev.octet.quantization.layers.LayerAssert.assertSame;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bytedeco.pytorch.AlphaDropoutImpl;
import org.bytedeco.pytorch.Dropout2dImpl;
import org.bytedeco.pytorch.Dropout3dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.FeatureAlphaDropoutImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutLayersTest {

  private static final String F = "__torch__.torch.nn.functional.";

  private static void compareModes(
      Class<? extends Module> type, LayerArchive archive, Tensor input) {
    Module module = assertRecognized(type, archive, input);
    JitModule recorded = archive.load();
    assertSame(recorded, module, true, input);
    assertSame(recorded, module, false, input);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void recognizesScriptedDropout(boolean inPlace) {
    String rest = "(x, 0.25, self.training, " + (inPlace ? "True" : "False") + ", )";
    compareModes(
        DropoutImpl.class,
        LayerArchive.of("dropout.Dropout").returns(F + "dropout" + rest),
        randn(30, 4));
    compareModes(
        Dropout2dImpl.class,
        LayerArchive.of("dropout.Dropout2d").returns(F + "dropout2d" + rest),
        randn(6, 4, 3, 3));
    compareModes(
        Dropout3dImpl.class,
        LayerArchive.of("dropout.Dropout3d").returns(F + "dropout3d" + rest),
        randn(6, 4, 3, 2, 3));
  }

  @Test
  void recognizesScriptedDropoutThatKeepsTheDistribution() {
    String rest = "dropout(x, 0.25, self.training)";
    compareModes(
        AlphaDropoutImpl.class,
        LayerArchive.of("dropout.AlphaDropout").returns("torch.alpha_" + rest),
        randn(30, 4));
    compareModes(
        FeatureAlphaDropoutImpl.class,
        LayerArchive.of("dropout.FeatureAlphaDropout").returns("torch.feature_alpha_" + rest),
        randn(30, 4, 2));
    assertRejected(
        LayerArchive.of("dropout.AlphaDropout")
            .returns("torch.alpha_dropout_(x, 0.25, self.training)"),
        "in place");
  }

  @Test
  void dropsWhenTrainedAlthoughTracedInEvaluation() {
    DropoutImpl dropout =
        assertRecognized(
            DropoutImpl.class,
            LayerArchive.of("dropout.Dropout").returns("torch.dropout(x, 0.25, False)"),
            randn(30, 4));
    assertFalse(dropout.is_training());
    assertEquals(0.25, dropout.options().p().get());
    dropout.train(true);
    Tensor dropped = dropout.forward(ones(1000));
    double zeros = dropped.eq(ones(1).sub(ones(1))).sum().item_double();
    assertTrue(zeros > 150 && zeros < 350, zeros + " of 1000 are dropped");
  }

  @Test
  void takesTheModeThatWasTraced() {
    DropoutImpl dropout =
        assertRecognized(
            DropoutImpl.class,
            LayerArchive.of("dropout.Dropout")
                .training(true)
                .returns("torch.dropout(x, 0.25, True)"),
            randn(30, 4));
    assertTrue(dropout.is_training());
    LayerArchive other =
        LayerArchive.of("dropout.Dropout").training(true).returns("torch.dropout(x, 0.25, False)");
    assertFalse(LayerAssert.recognize(other, other.load()).module().orElseThrow().is_training());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.dropout(x, 0.25, torch.__not__(self.training))",
        "torch.dropout(torch.neg(x), 0.25, self.training)",
        "torch.feature_dropout(x, 0.25, self.training)",
        "torch.mul(torch.dropout(x, 0.25, self.training), 2)",
        "torch.dropout(x, float(torch.size(x, 0)), self.training)",
      })
  void rejectsOtherPrograms(String expression) {
    assertRejected(LayerArchive.of("dropout.Dropout").returns(expression), "");
  }
}
