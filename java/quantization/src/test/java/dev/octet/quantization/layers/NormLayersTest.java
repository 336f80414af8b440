// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static dev.octet.quantization.layers.LayerAssert.assertSame;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.rand;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.module.QuantLayerNorm;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModelCopier;
import java.util.List;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNorm3dImpl;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.InstanceNorm1dImpl;
import org.bytedeco.pytorch.InstanceNorm2dImpl;
import org.bytedeco.pytorch.InstanceNorm3dImpl;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LocalResponseNormImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NormLayersTest {

  /** Scripted batch normalization: the parts that differ are filled in. */
  private static final String BATCH_NORM =
      """
      def forward(self,
          input: Tensor) -> Tensor:
        _0 = __torch__.torch.nn.functional.batch_norm
        _1 = (self)._check_input_dim(input, )
        COUNT
        training0 = self.training
        if training0:
          bn_training = True
        else:
          bn_training = NOT_TRAINING
        _3 = _0(input, MEAN, VAR, WEIGHT, BIAS, bn_training, MOMENTUM, 1.0e-03, )
        return _3
      """;

  private static final String CHECK =
      """
      def _check_input_dim(self,
          input: Tensor) -> NoneType:
        if torch.ne(torch.dim(input), RANK):
          _4 = torch.format("expected RANK input (got {}D input)", torch.dim(input))
          ops.prim.RaiseException(_4, "builtins.ValueError")
        else:
          pass
        return None
      """;

  private static final String COUNT =
      """
      training = self.training
        if training:
          num_batches_tracked = self.num_batches_tracked
          _2 = torch.add_(num_batches_tracked, 1)
        else:
          pass""";

  private static final String COUNT_BY_SETTING =
      """
      training = self.training
        if training:
          num_batches_tracked = self.num_batches_tracked
          self.num_batches_tracked = torch.add(num_batches_tracked, 1)
        else:
          pass""";

  /** With momentum None, the average over all batches. */
  private static final String COUNT_FOR_AVERAGE =
      """
      training = self.training
        if training:
          num_batches_tracked = self.num_batches_tracked
          _2 = torch.add_(num_batches_tracked, 1)
          num_batches_tracked0 = self.num_batches_tracked
          factor = torch.div(1., float(num_batches_tracked0))
        else:
          factor = 0.""";

  private static LayerArchive norm(String type, boolean affine, boolean tracks) {
    LayerArchive archive = LayerArchive.of(type);
    if (affine) {
      archive.parameter("weight", randn(4)).parameter("bias", randn(4));
    }
    if (tracks) {
      archive
          .buffer("running_mean", randn(4))
          .buffer("running_var", rand(4).add(ones(1)))
          .buffer("num_batches_tracked", zeros(new long[0]).to(ScalarType.Long));
    }
    return archive;
  }

  private static LayerArchive scripted(
      String name, int rank, boolean affine, boolean tracks, String count, String momentum) {
    return norm("batchnorm." + name, affine, tracks)
        .method(
            BATCH_NORM
                .replace("COUNT", tracks ? count : "")
                .replace("NOT_TRAINING", tracks ? "False" : "True")
                .replace("MEAN", tracks ? "self.running_mean" : "None")
                .replace("VAR", tracks ? "self.running_var" : "None")
                .replace("WEIGHT", affine ? "self.weight" : "None")
                .replace("BIAS", affine ? "self.bias" : "None")
                .replace("MOMENTUM", momentum))
        .method(CHECK.replace("RANK", Integer.toString(rank)));
  }

  private static void compareTraining(LayerArchive archive, Tensor input) {
    JitModule recorded = archive.load();
    Module module = LayerAssert.recognize(archive, archive.load()).module().orElseThrow();
    for (boolean mode : new boolean[] {true, true, false}) {
      assertSame(recorded, module, mode, input);
    }
    StateDict.of(module)
        .forEach(
            (name, tensor) ->
                assertTrue(
                    tensor.equal(recorded.attr(name).toTensor()), "after training: " + name));
  }

  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, true", "false, false"})
  void recognizesScriptedBatchNorm(boolean affine, boolean tracks) {
    LayerArchive archive = scripted("BatchNorm2d", 4, affine, tracks, COUNT, "0.2");
    BatchNorm2dImpl norm = assertRecognized(BatchNorm2dImpl.class, archive, randn(3, 4, 5, 5));
    assertEquals(affine || tracks ? 4 : 0, norm.options().num_features().get());
    assertEquals(1e-3, norm.options().eps().get());
    assertEquals(0.2, norm.options().momentum().get());
    assertEquals(affine, norm.options().affine().get());
    assertEquals(tracks, norm.options().track_running_stats().get());
    compareTraining(archive, randn(3, 4, 5, 5));
    ModelCopier.copy(norm);
  }

  @Test
  void recognizesOtherRanksAndTheCountOfOldVersions() {
    compareTraining(
        scripted("BatchNorm1d", 3, true, true, COUNT_BY_SETTING, "0.2"), randn(3, 4, 5));
    compareTraining(
        scripted("BatchNorm3d", 5, true, true, COUNT_BY_SETTING, "0.2"), randn(3, 4, 2, 2, 2));
  }

  @Test
  void recognizesTheAverageOfAllBatches() {
    LayerArchive archive = scripted("BatchNorm2d", 4, true, true, COUNT_FOR_AVERAGE, "factor");
    BatchNorm2dImpl norm = assertRecognized(BatchNorm2dImpl.class, archive, randn(3, 4, 5, 5));
    assertFalse(norm.options().momentum().has_value());
    compareTraining(archive, randn(3, 4, 5, 5));
  }

  @Test
  void takesTheNumberOfFeaturesFromTheConstants() {
    LayerArchive archive =
        scripted("BatchNorm2d", 4, false, false, COUNT, "0.2").constant("num_features", 4L);
    assertEquals(
        4,
        assertRecognized(BatchNorm2dImpl.class, archive, randn(3, 4, 5, 5))
            .options()
            .num_features()
            .get());
  }

  private static String traced(boolean training, boolean affine, boolean tracks, double momentum) {
    return String.format(
        "torch.batch_norm(x, %s, %s, %s, %s, %s, %s, 1.0e-03, True)",
        affine ? "self.weight" : "None",
        affine ? "self.bias" : "None",
        tracks ? "self.running_mean" : "None",
        tracks ? "self.running_var" : "None",
        training ? "True" : "False",
        momentum);
  }

  @Test
  void recognizesTracedBatchNorm() {
    BatchNorm1dImpl evaluated =
        assertRecognized(
            BatchNorm1dImpl.class,
            norm("batchnorm.BatchNorm1d", true, true).returns(traced(false, true, true, 0.1)),
            randn(3, 4));
    assertFalse(evaluated.is_training());
    assertEquals(0.1, evaluated.options().momentum().get());
    assertRecognized(
        BatchNorm3dImpl.class,
        norm("batchnorm.BatchNorm3d", false, true).returns(traced(false, false, true, 0.1)),
        randn(3, 4, 2, 2, 2));
    assertRecognized(
        BatchNorm2dImpl.class,
        norm("batchnorm.BatchNorm2d", false, false).returns(traced(true, false, false, 0.1)),
        randn(3, 4, 2, 2));
    assertFalse(
        assertRecognized(
                BatchNorm2dImpl.class,
                norm("batchnorm.BatchNorm2d", true, true).returns(traced(false, true, true, 0.0)),
                randn(3, 4, 2, 2))
            .options()
            .momentum()
            .has_value());
  }

  @Test
  void putsWhatWasTracedInTrainingIntoTraining() {
    LayerArchive archive =
        norm("batchnorm.BatchNorm2d", true, true)
            .training(true)
            .method(
                """
                def forward(self,
                    x: Tensor) -> Tensor:
                  num_batches_tracked = self.num_batches_tracked
                  _0 = torch.add_(num_batches_tracked, 1, alpha=1)
                  return torch.batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, True, 0.1, 1.0e-05, True)
                """);
    assertTrue(assertRecognized(BatchNorm2dImpl.class, archive, randn(3, 4, 2, 2)).is_training());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.batch_norm(x, self.bias, self.weight, self.running_mean, self.running_var, False, 0.1, 1.0e-05, True)",
        "torch.batch_norm(x, self.weight, None, self.running_mean, self.running_var, False, 0.1, 1.0e-05, True)",
        "torch.batch_norm(x, self.weight, self.bias, self.running_var, self.running_mean, False, 0.1, 1.0e-05, True)",
        "torch.batch_norm(x, self.weight, self.bias, None, None, False, 0.1, 1.0e-05, True)",
        "torch.batch_norm(torch.neg(x), self.weight, self.bias, self.running_mean, self.running_var, False, 0.1, 1.0e-05, True)",
        "torch.instance_norm(x, self.weight, self.bias, self.running_mean, self.running_var, False, 0.1, 1.0e-05, True)",
      })
  void rejectsOtherPrograms(String expression) {
    assertRejected(norm("batchnorm.BatchNorm2d", true, true).returns(expression), "");
  }

  @Test
  void rejectsOtherCounts() {
    assertRejected(
        scripted("BatchNorm2d", 4, true, true, COUNT.replace("tracked, 1)", "tracked, 2)"), "0.1"),
        "step of its count");
    assertRejected(
        scripted(
            "BatchNorm2d",
            4,
            true,
            true,
            COUNT.replace("add_(num_batches_tracked", "add_(self.running_mean"),
            "0.1"),
        "num_batches_tracked");
  }

  @ParameterizedTest
  @CsvSource({
    "1, true, true",
    "2, false, false",
    "2, true, true",
    "2, false, true",
    "3, true, false"
  })
  void recognizesInstanceNorm(int dims, boolean affine, boolean tracks) {
    Class<?>[] types = {
      InstanceNorm1dImpl.class, InstanceNorm2dImpl.class, InstanceNorm3dImpl.class
    };
    Class<? extends Module> type = types[dims - 1].asSubclass(Module.class);
    Tensor input = new Tensor[] {randn(3, 4, 5), randn(3, 4, 5, 5), randn(3, 4, 2, 3, 2)}[dims - 1];
    String arguments =
        (tracks ? "self.running_mean, self.running_var, " : "None, None, ")
            + (affine ? "self.weight, self.bias, " : "None, None, ");
    LayerArchive scripted =
        norm("instancenorm.InstanceNorm" + dims + "d", affine, tracks)
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  _0 = (self)._check_input_dim(input, )
                  if torch.eq(torch.dim(input), BARE):
                    _1 = torch.squeeze((self)._apply(torch.unsqueeze(input, 0), ), 0)
                  else:
                    _1 = (self)._apply(input, )
                  return _1
                """
                    .replace("BARE", Integer.toString(dims + 1)))
            .method(
                """
                def _apply(self,
                    input: Tensor) -> Tensor:
                  _2 = __torch__.torch.nn.functional.instance_norm
                  use_input_stats = USE
                  return _2(input, ARGUMENTS use_input_stats, 0.1, 1.0e-04, )
                """
                    .replace("USE", tracks ? "self.training" : "True")
                    .replace("ARGUMENTS", arguments))
            .method(
                """
                def _check_input_dim(self,
                    input: Tensor) -> NoneType:
                  if torch.__contains__([BARE, FULL], torch.dim(input)):
                    pass
                  else:
                    ops.prim.RaiseException("expected another rank", "builtins.ValueError")
                  return None
                """
                    .replace("BARE", Integer.toString(dims + 1))
                    .replace("FULL", Integer.toString(dims + 2)));
    assertRecognized(type, scripted, input);
    compareTraining(scripted, input);
    LayerArchive traced =
        norm("instancenorm.InstanceNorm" + dims + "d", affine, tracks)
            .returns(
                String.format(
                    "torch.instance_norm(x, %s, %s, %s, %s, %s, 0.1, 1.0e-04, True)",
                    affine ? "self.weight" : "None",
                    affine ? "self.bias" : "None",
                    tracks ? "self.running_mean" : "None",
                    tracks ? "self.running_var" : "None",
                    tracks ? "False" : "True"));
    assertRecognized(type, traced, input);
  }

  @Test
  void recognizesLayerNorm() {
    LayerArchive archive =
        LayerArchive.of("normalization.LayerNorm")
            .parameter("weight", randn(5, 6))
            .parameter("bias", randn(5, 6));
    LayerNormImpl norm =
        assertRecognized(
            LayerNormImpl.class,
            archive.returns("torch.layer_norm(x, [5, 6], self.weight, self.bias, 1.0e-12)"),
            randn(2, 5, 6));
    assertEquals(1e-12, norm.options().eps().get());
    assertEquals(
        List.of(5L, 6L),
        java.util.Arrays.stream(norm.options().normalized_shape().get()).boxed().toList());
    assertRecognized(
        LayerNormImpl.class,
        LayerArchive.of("normalization.LayerNorm")
            .returns("__torch__.torch.nn.functional.layer_norm(x, [6], None, None, 1.0e-05, )"),
        randn(2, 5, 6));
  }

  @Test
  void recognizesLayerNormWithoutBias() {
    LayerArchive archive =
        LayerArchive.of("normalization.LayerNorm")
            .parameter("weight", randn(6))
            .returns("torch.layer_norm(x, [6], self.weight, None, 1.0e-05)");
    LayerNormImpl norm = assertRecognized(LayerNormImpl.class, archive, randn(2, 6));
    assertEquals(java.util.Set.of("weight"), StateDict.of(norm).keySet());
    LayerNormImpl copy = ModelCopier.copy(norm);
    assertEquals(java.util.Set.of("weight"), StateDict.of(copy).keySet());
    assertFalse(copy.bias().defined());
    Tensor x = randn(2, 6);
    assertTrue(norm.forward(x).equal(copy.forward(x)));
    QuantLayerNorm quantized = new QuantLayerNorm(norm, QuantizationConfig.ofBits(8, 8));
    assertFalse(quantized.bias().defined());
    quantized.forward(x);
    QuantLayerNorm quantizedCopy = ModelCopier.copy(quantized);
    assertEquals(StateDict.of(quantized).keySet(), StateDict.of(quantizedCopy).keySet());
    assertTrue(quantized.forward(x).equal(quantizedCopy.forward(x)));
  }

  @Test
  void recognizesGroupNorm() {
    LayerArchive archive =
        LayerArchive.of("normalization.GroupNorm")
            .parameter("weight", randn(6))
            .parameter("bias", randn(6));
    GroupNormImpl norm =
        assertRecognized(
            GroupNormImpl.class,
            archive.returns(
                "__torch__.torch.nn.functional.group_norm(x, 3, self.weight, self.bias, 1.0e-04, )"),
            randn(2, 6, 4));
    assertEquals(3, norm.options().num_groups().get());
    assertEquals(6, norm.options().num_channels().get());
    assertRecognized(
        GroupNormImpl.class,
        LayerArchive.of("normalization.GroupNorm")
            .constant("num_channels", 6L)
            .returns("torch.group_norm(x, 2, None, None, 1.0e-05, True)"),
        randn(2, 6, 4));
  }

  @Test
  void recognizesLocalResponseNorm() {
    LayerArchive scripted =
        LayerArchive.of("normalization.LocalResponseNorm")
            .returns("__torch__.torch.nn.functional.local_response_norm(x, 5, 0.001, 0.5, 2., )");
    LocalResponseNormImpl norm =
        assertRecognized(LocalResponseNormImpl.class, scripted, randn(2, 7, 4, 3));
    assertEquals(5, norm.options().size().get());
    assertEquals(0.001, norm.options().alpha().get());
    assertEquals(0.5, norm.options().beta().get());
    assertEquals(2, norm.options().k().get());
    assertSame(scripted.load(), norm, randn(2, 7, 4));
  }

  @Test
  void recognizesTracedLocalResponseNorm() {
    String image =
        """
        def forward(self,
            input: Tensor) -> Tensor:
          div = torch.mul(input, input)
          _0 = ops.prim.NumToTensor(torch.size(input, 0))
          _1 = int(_0)
          _2 = ops.prim.NumToTensor(torch.size(input, 1))
          _3 = int(_2)
          _4 = ops.prim.NumToTensor(torch.size(input, 2))
          _5 = int(_4)
          _6 = ops.prim.NumToTensor(torch.size(input, 3))
          _7 = int(_6)
          div0 = torch.view(div, [_1, 1, _3, _5, -1])
          div1 = torch.constant_pad_nd(div0, [0, 0, 0, 0, 2, 1], 0)
          div2 = torch.squeeze(torch.avg_pool3d(div1, [4, 1, 1], [1, 1, 1]), 1)
          div3 = torch.view(div2, [_1, _3, _5, _7])
          div4 = torch.pow(torch.add(torch.mul(div3, 0.001), 1.), 0.75)
          return torch.div(input, div4)
        """;
    LayerArchive archive = LayerArchive.of("normalization.LocalResponseNorm").method(image);
    assertEquals(
        4,
        assertRecognized(LocalResponseNormImpl.class, archive, randn(2, 7, 4, 3))
            .options()
            .size()
            .get());
    assertRejected(
        LayerArchive.of("normalization.LocalResponseNorm")
            .method(image.replace("[0, 0, 0, 0, 2, 1]", "[0, 0, 0, 0, 1, 2]")),
        "padding");
    assertRejected(
        LayerArchive.of("normalization.LocalResponseNorm")
            .method(image.replace("[_1, 1, _3, _5, -1]", "[_1, 1, _3, _7, -1]")),
        "shape of the windows");
    assertRecognized(
        LocalResponseNormImpl.class,
        LayerArchive.of("normalization.LocalResponseNorm")
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  div = torch.unsqueeze(torch.mul(input, input), 1)
                  div0 = torch.pad(div, [0, 0, 1, 1], "constant", None)
                  div1 = torch.squeeze(torch.avg_pool2d(div0, [3, 1], [1, 1]), 1)
                  div2 = torch.pow(torch.add(torch.mul(div1, 0.001), 1.), 0.75)
                  return torch.div(input, div2)
                """),
        randn(2, 7, 4));
  }
}
