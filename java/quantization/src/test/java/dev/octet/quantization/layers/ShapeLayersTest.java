// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static dev.octet.quantization.layers.LayerAssert.assertSame;
import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.tree.ModelCopier;
import java.util.List;
import org.bytedeco.pytorch.CosineSimilarityImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PairwiseDistanceImpl;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Padding, layers that move elements, upsampling and distances. */
class ShapeLayersTest {

  private static final String F = "__torch__.torch.nn.functional.";

  static List<Arguments> recorded() {
    return List.of(
        Arguments.of("padding.ZeroPad1d", "torch.pad(x, [1, 2])", 1),
        Arguments.of("padding.ZeroPad2d", "torch.pad(x, [1, 2, 3, 0], \"constant\", 0.)", 2),
        Arguments.of("padding.ZeroPad2d", F + "_pad(x, [1, 2, -1, 0], \"constant\", 0., )", 2),
        Arguments.of("padding.ZeroPad3d", "torch.pad(x, [1, 2, 3, 0, 1, 1])", 3),
        Arguments.of("padding.ConstantPad1d", "torch.pad(x, [1, 2], \"constant\", 3.)", 1),
        Arguments.of("padding.ConstantPad2d", "torch.constant_pad_nd(x, [1, 2, 0, 1], 0.5)", 2),
        Arguments.of(
            "padding.ConstantPad3d", "torch.constant_pad_nd(x, [1, 2, 0, 1, 1, 1], -1)", 3),
        Arguments.of("padding.ReflectionPad1d", "torch.reflection_pad1d(x, [1, 2])", 1),
        Arguments.of("padding.ReflectionPad1d", F + "_pad(x, [1, 2], \"reflect\", 0., )", 1),
        Arguments.of("padding.ReflectionPad2d", "torch.pad(x, [1, 2, 0, 1], \"reflect\")", 2),
        Arguments.of("padding.ReflectionPad2d", F + "_pad(x, [1, 2, 0, 1], \"reflect\", 0., )", 2),
        Arguments.of("padding.ReflectionPad3d", "torch.reflection_pad3d(x, [1, 2, 0, 1, 1, 1])", 3),
        Arguments.of("padding.ReplicationPad1d", "torch.pad(x, [1, 2], \"replicate\", None)", 1),
        Arguments.of("padding.ReplicationPad2d", "torch.replication_pad2d(x, [1, 2, 0, 1])", 2),
        Arguments.of(
            "padding.ReplicationPad3d", "torch.pad(x, [1, 2, 0, 1, 1, 1], \"replicate\")", 3),
        Arguments.of("flatten.Flatten", "torch.flatten(x, 1)", 2),
        Arguments.of("flatten.Flatten", "torch.flatten(x, 1, 2)", 2),
        Arguments.of("flatten.Unflatten", "torch.unflatten(x, 1, [2, 2])", 2),
        Arguments.of("pixelshuffle.PixelShuffle", "torch.pixel_shuffle(x, 2)", 2),
        Arguments.of("pixelshuffle.PixelUnshuffle", "torch.pixel_unshuffle(x, 2)", 2),
        Arguments.of("fold.Unfold", "torch.im2col(x, [2, 3], [1, 1], [1, 0], [2, 1])", 2),
        Arguments.of("upsampling.Upsample", "torch.upsample_nearest1d(x, None, [2.5])", 1),
        Arguments.of("upsampling.Upsample", "torch.upsample_nearest2d(x, None, [2., 3.])", 2),
        Arguments.of("upsampling.Upsample", "torch.upsample_nearest2d(x, [7, 5], None)", 2),
        Arguments.of("upsampling.Upsample", "torch.upsample_nearest3d(x, None, [2., 2., 1.5])", 3),
        Arguments.of("upsampling.Upsample", "torch.upsample_linear1d(x, None, False, [2.5])", 1),
        Arguments.of(
            "upsampling.Upsample", "torch.upsample_bilinear2d(x, None, True, [2., 3.])", 2),
        Arguments.of(
            "upsampling.Upsample", "torch.upsample_bilinear2d(x, [9, 11], False, None)", 2),
        Arguments.of(
            "upsampling.Upsample", "torch.upsample_bicubic2d(x, None, False, [2., 3.])", 2),
        Arguments.of(
            "upsampling.Upsample", "torch.upsample_trilinear3d(x, [5, 6, 7], True, None)", 3),
        Arguments.of(
            "upsampling.Upsample",
            F + "interpolate(x, None, [2., 3.], \"nearest\", None, None, False, )",
            2),
        Arguments.of(
            "upsampling.Upsample",
            F + "interpolate(x, 9, None, \"bilinear\", True, None, False, )",
            2));
  }

  private static Tensor input(int dims) {
    return new Tensor[] {randn(2, 4, 6), randn(2, 4, 6, 8), randn(2, 4, 6, 8, 4)}[dims - 1];
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void recognizes(String className, String expression, int dims) throws ClassNotFoundException {
    String name = className.substring(className.indexOf('.') + 1);
    Class<? extends Module> type =
        Class.forName("org.bytedeco.pytorch." + name + "Impl").asSubclass(Module.class);
    LayerArchive archive = LayerArchive.of(className).returns(expression);
    Module module = assertRecognized(type, archive, input(dims));
    assertSame(archive.load(), ModelCopier.copy(module), input(dims));
  }

  @Test
  void recognizesFold() {
    assertRecognized(
        org.bytedeco.pytorch.FoldImpl.class,
        LayerArchive.of("fold.Fold")
            .returns("torch.col2im(x, [5, 7], [2, 3], [1, 1], [1, 0], [2, 1])"),
        randn(2, 12, 15));
  }

  static List<Arguments> others() {
    return List.of(
        Arguments.of("padding.ZeroPad2d", "torch.pad(x, [1, 2, 3, 0], \"constant\", 1.)"),
        Arguments.of("padding.ZeroPad2d", "torch.pad(x, [1, 2])"),
        Arguments.of("padding.ReflectionPad2d", "torch.pad(x, [1, 2, 0, 1], \"replicate\")"),
        Arguments.of("padding.ReflectionPad2d", "torch.reflection_pad1d(x, [1, 2])"),
        Arguments.of("flatten.Flatten", "torch.flatten(x, torch.dim(x))"),
        Arguments.of("flatten.Flatten", "torch.reshape(x, [2, -1])"),
        Arguments.of("pixelshuffle.PixelShuffle", "torch.pixel_unshuffle(x, 2)"),
        Arguments.of("upsampling.Upsample", "torch.upsample_nearest2d(x, None, [2.])"),
        Arguments.of("upsampling.Upsample", "torch._upsample_nearest_exact2d(x, None, [2., 2.])"),
        Arguments.of(
            "upsampling.Upsample", "torch.upsample_nearest2d(x, [torch.size(x, 2), 5], None)"),
        // Of any rank: the presets' module would take only one.
        Arguments.of(
            "upsampling.Upsample",
            F + "interpolate(x, 9, None, \"nearest\", None, None, False, )"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void rejectsOtherPrograms(String className, String expression) {
    assertRejected(LayerArchive.of(className).returns(expression), "");
  }

  private static LayerArchive ofTwo(String className, String expression) {
    return LayerArchive.of(className)
        .method(
            "def forward(self,\n    x1: Tensor,\n    x2: Tensor) -> Tensor:\n  return "
                + expression);
  }

  @Test
  void recognizesDistances() {
    assertRecognized(
        CosineSimilarityImpl.class,
        ofTwo("distance.CosineSimilarity", "torch.cosine_similarity(x1, x2, 1, 1.0e-6)"),
        randn(3, 4),
        randn(3, 4));
    assertRecognized(
        PairwiseDistanceImpl.class,
        ofTwo("distance.PairwiseDistance", "torch.pairwise_distance(x1, x2, 1., 1.0e-5, True)"),
        randn(3, 4),
        randn(3, 4));
    assertRejected(
        ofTwo("distance.PairwiseDistance", "torch.pairwise_distance(x2, x1, 1.)"), "argument");
  }
}
