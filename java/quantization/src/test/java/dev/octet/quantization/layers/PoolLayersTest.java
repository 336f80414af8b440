// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static dev.octet.quantization.layers.LayerAssert.assertSame;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.tree.ModelCopier;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PoolLayersTest {

  private static final String F = "__torch__.torch.nn.functional.";

  static Stream<Arguments> recorded() {
    return Stream.of(
            "MaxPool1d torch.max_pool1d(x, [3], [2], [1], [2], True)",
            "MaxPool2d torch.max_pool2d(x, [3, 2], [2, 1], [1, 0], [1, 2], True)",
            "MaxPool2d torch.max_pool2d(x, [2, 2], annotate(List[int], []), [0, 0], [1, 1])",
            "MaxPool2d " + F + "_max_pool2d(x, [3, 3], [2, 2], [1, 1], [1, 1], False, False, )",
            "MaxPool2d " + F + "_max_pool2d(x, [3, 3], None, [1, 1], [1, 1], False, False, )",
            "MaxPool3d torch.max_pool3d(x, [2, 2, 2], [1, 2, 1], [1, 1, 0], [1, 1, 1], False)",
            "AvgPool1d torch.avg_pool1d(x, [3], [2], [1], True, False)",
            "AvgPool2d torch.avg_pool2d(x, [3, 2], [2, 1], [1, 0], True, False, None)",
            "AvgPool2d torch.avg_pool2d(x, [2], [2], [1], False, True, 3)",
            "AvgPool3d torch.avg_pool3d(x, [2, 2, 2], [1, 2, 1], [1, 1, 0], False, False, None)",
            "AvgPool3d torch.avg_pool3d(x, [2, 2, 2], [1, 2, 1], [1, 1, 0], False, True, 5)",
            "LPPool2d " + F + "lp_pool2d(x, 2., [2, 3], None, False, )",
            "LPPool2d " + F + "lp_pool2d(x, 4., [2, 2], [1, 1], True, )",
            "AdaptiveAvgPool1d torch.adaptive_avg_pool1d(x, [4])",
            "AdaptiveAvgPool2d torch.adaptive_avg_pool2d(x, [1, 1])",
            "AdaptiveAvgPool2d torch.adaptive_avg_pool2d(x, [torch.size(x, 2), 4])",
            "AdaptiveAvgPool2d torch.adaptive_avg_pool2d(x, [3, torch.size(x, -1)])",
            "AdaptiveAvgPool2d " + F + "adaptive_avg_pool2d(x, [2, 1], )",
            "AdaptiveAvgPool3d torch.adaptive_avg_pool3d(x, [2, torch.size(x, 3), 1])",
            "AdaptiveMaxPool1d (torch.adaptive_max_pool1d(x, [4]))[0]",
            "AdaptiveMaxPool2d " + F + "_adaptive_max_pool2d(x, [2, 3], False, )",
            "AdaptiveMaxPool3d (torch.adaptive_max_pool3d(x, [2, torch.size(x, 3), 1]))[0]")
        .map(line -> Arguments.of(line.split(" ", 2)[0], line.split(" ", 2)[1]));
  }

  private static Tensor input(String name) {
    return switch (name.charAt(name.length() - 2)) {
      case '1' -> randn(2, 3, 9);
      case '2' -> randn(2, 3, 7, 9);
      default -> randn(2, 3, 5, 7, 6);
    };
  }

  @ParameterizedTest
  @MethodSource("recorded")
  void recognizes(String name, String expression) throws ClassNotFoundException {
    Class<? extends Module> type =
        Class.forName("org.bytedeco.pytorch." + name + "Impl").asSubclass(Module.class);
    LayerArchive archive = LayerArchive.of("pooling." + name).returns(expression);
    Module module = assertRecognized(type, archive, input(name));
    assertSame(archive.load(), ModelCopier.copy(module), input(name));
  }

  @Test
  void recognizesTracedPowerAverages() throws ClassNotFoundException {
    for (int dims = 1; dims <= 3; dims++) {
      String name = "LPPool" + dims + "d";
      Class<? extends Module> type =
          Class.forName("org.bytedeco.pytorch." + name + "Impl").asSubclass(Module.class);
      String kernel = List.of("[2]", "[2, 3]", "[2, 1, 3]").get(dims - 1);
      long elements = List.of(2L, 6L, 6L).get(dims - 1);
      String source =
          """
          def forward(self,
              x: Tensor) -> Tensor:
            out = torch.avg_poolDIMSd(torch.pow(x, 2.), KERNEL, KERNEL)
            _0 = torch.mul(torch.sign(out), torch.relu(torch.abs(out)))
            return torch.pow(torch.mul(_0, ELEMENTS), 0.5)
          """
              .replace("DIMS", Integer.toString(dims))
              .replace("KERNEL", kernel);
      assertRecognized(
          type,
          LayerArchive.of("pooling." + name)
              .method(source.replace("ELEMENTS", Long.toString(elements))),
          input(name));
      assertRejected(
          LayerArchive.of("pooling." + name).method(source.replace("ELEMENTS", "7")),
          "size of a window");
      assertRejected(
          LayerArchive.of("pooling." + name)
              .method(source.replace("ELEMENTS", Long.toString(elements)).replace("0.5", "0.3")),
          "exponent of the root");
    }
  }

  @Test
  void readsTheOptions() {
    MaxPool2dImpl pool =
        assertRecognized(
            MaxPool2dImpl.class,
            LayerArchive.of("pooling.MaxPool2d")
                .returns("torch.max_pool2d(x, [3, 2], [2, 1], [1, 0], [1, 2], True)"),
            randn(2, 3, 7, 9));
    assertEquals(2, pool.options().kernel_size().get(1));
    assertEquals(2, pool.options().stride().get(0));
    assertEquals(1, pool.options().padding().get(0));
    assertEquals(2, pool.options().dilation().get(1));
  }

  static List<Arguments> others() {
    return List.of(
        Arguments.of("MaxPool2d", "torch.avg_pool2d(x, [2, 2])"),
        Arguments.of("MaxPool2d", "torch.max_pool2d(torch.neg(x), [2, 2])"),
        Arguments.of("MaxPool2d", "torch.max_pool2d(x, [2, torch.size(x, 0)])"),
        Arguments.of("MaxPool2d", "(torch.max_pool2d_with_indices(x, [2, 2]))[0]"),
        Arguments.of("AvgPool1d", "torch.avg_pool2d(x, [2, 2])"),
        Arguments.of("AdaptiveAvgPool2d", "torch.adaptive_avg_pool2d(x, [torch.size(x, 3), 1])"),
        Arguments.of("AdaptiveAvgPool2d", "torch.adaptive_avg_pool2d(x, [torch.size(x, 0), 1])"),
        Arguments.of("AdaptiveMaxPool2d", "torch.adaptive_avg_pool2d(x, [1, 1])"),
        Arguments.of("AdaptiveMaxPool2d", "(torch.adaptive_max_pool2d(x, [1, 1]))[1]"));
  }

  @ParameterizedTest
  @MethodSource("others")
  void rejectsOtherPrograms(String name, String expression) {
    assertRejected(LayerArchive.of("pooling." + name).returns(expression), "");
  }
}
