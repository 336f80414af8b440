// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.LayerAssert.assertRecognized;
import static dev.octet.quantization.layers.LayerAssert.assertRejected;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import java.util.Arrays;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv3dImpl;
import org.bytedeco.pytorch.ConvTranspose1dImpl;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose3dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvLayersTest {

  private static final String FLAGS = "False, False, True, True";

  private static final Class<?>[] CONV = {Conv1dImpl.class, Conv2dImpl.class, Conv3dImpl.class};
  private static final Class<?>[] TRANSPOSED = {
    ConvTranspose1dImpl.class, ConvTranspose2dImpl.class, ConvTranspose3dImpl.class
  };

  private static String list(int dims, String number) {
    return Arrays.toString(new int[dims]).replace("0", number);
  }

  private static long[] shape(int dims, long first, long second, long rest) {
    long[] shape = new long[dims + 2];
    Arrays.fill(shape, rest);
    shape[0] = first;
    shape[1] = second;
    return shape;
  }

  private static LayerArchive conv(String name, Tensor weight, boolean bias, long out) {
    LayerArchive archive = LayerArchive.of("conv." + name).parameter("weight", weight);
    return bias ? archive.parameter("bias", randn(out)) : archive;
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "2, true", "2, false", "3, true", "3, false"})
  void recognizesTracedConvolutions(int dims, boolean bias) {
    LayerArchive archive =
        conv("Conv" + dims + "d", randn(shape(dims, 6, 2, 3)), bias, 6)
            .returns(
                String.format(
                    "torch._convolution(x, self.weight, %s, %s, %s, %s, False, %s, 2, %s)",
                    bias ? "self.bias" : "None",
                    list(dims, "2"),
                    list(dims, "1"),
                    list(dims, "1"),
                    list(dims, "0"),
                    FLAGS));
    Module conv =
        assertRecognized(
            CONV[dims - 1].asSubclass(Module.class), archive, randn(shape(dims, 2, 4, 7)));
    Module copy = ModelCopier.copy(conv);
    Tensor x = randn(shape(dims, 2, 4, 7));
    assertTrue(
        ModuleCall.forward(conv, x).equal(ModuleCall.forward(copy, x)), "a copy has other options");
  }

  @ParameterizedTest
  @CsvSource({"1, true", "2, true", "2, false", "3, false"})
  void recognizesScriptedConvolutions(int dims, boolean bias) {
    LayerArchive archive =
        conv("Conv" + dims + "d", randn(shape(dims, 6, 4, 3)), bias, 6)
            .method(
                """
                def forward(self,
                    input: Tensor) -> Tensor:
                  weight = self.weight
                  bias = BIAS
                  _0 = (self)._conv_forward(input, weight, bias, )
                  return _0
                """
                    .replace("BIAS", bias ? "self.bias" : "None"))
            .method(
                String.format(
                    """
                    def _conv_forward(self,
                        input: Tensor,
                        weight: Tensor,
                        bias: Optional[Tensor]) -> Tensor:
                      _1 = torch.conv%dd(input, weight, bias, %s, %s, %s)
                      return _1
                    """,
                    dims, list(dims, "1"), list(dims, "2"), list(dims, "2")));
    assertRecognized(CONV[dims - 1].asSubclass(Module.class), archive, randn(shape(dims, 2, 4, 7)));
  }

  @Test
  void readsTheOptions() {
    LayerArchive archive =
        conv("Conv2d", randn(8, 3, 3, 5), true, 8)
            .returns("torch.conv2d(x, self.weight, self.bias, [1, 2], [3, 4], [2, 1], 4)");
    Conv2dImpl conv = assertRecognized(Conv2dImpl.class, archive, randn(2, 12, 9, 9));
    assertEquals(12, conv.options().in_channels().get());
    assertEquals(8, conv.options().out_channels().get());
    assertEquals(4, conv.options().groups().get());
    assertEquals(5, conv.options().kernel_size().get(1));
    assertEquals(2, conv.options().stride().get(1));
    assertEquals(4, conv.options().padding().get0().get(1));
    assertEquals(2, conv.options().dilation().get(0));
    assertTrue(conv.options().bias().get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.conv2d(x, self.weight, self.bias, [1, 1], 'same', [2, 1])",
        "torch.conv2d(x, self.weight, self.bias, [2, 1], 'valid')",
        "torch._convolution_mode(x, self.weight, self.bias, [1, 1], 'same', [2, 1], 1)",
      })
  void recognizesPaddingByName(String expression) {
    LayerArchive archive =
        conv("Conv2d", randn(6, 4, 3, 4), true, 6).returns(expression.replace('\'', '"'));
    assertRecognized(Conv2dImpl.class, archive, randn(2, 4, 8, 9));
  }

  @ParameterizedTest
  @CsvSource({
    "'torch.pad(x, [2, 2, 1, 1], \"reflect\")'",
    "'torch.pad(x, [2, 2, 1, 1], \"replicate\")'",
    "'torch.pad(x, [2, 2, 1, 1], \"circular\")'",
    "'torch.reflection_pad2d(x, [2, 2, 1, 1])'",
    "'torch.replication_pad2d(x, [2, 2, 1, 1])'",
    "'__torch__.torch.nn.functional._pad(x, [2, 2, 1, 1], \"reflect\", 0., )'",
  })
  void recognizesBorders(String padded) {
    LayerArchive archive =
        conv("Conv2d", randn(6, 4, 3, 4), true, 6)
            .returns("torch.conv2d(" + padded + ", self.weight, self.bias, [1, 1], [0, 0])");
    assertRecognized(Conv2dImpl.class, archive, randn(2, 4, 8, 9));
  }

  @Test
  void recognizesBordersByName() {
    LayerArchive archive =
        conv("Conv2d", randn(6, 4, 4, 4), true, 6)
            .returns(
                "torch.conv2d(torch.pad(x, [1, 2, 1, 2], \"circular\"), self.weight, self.bias)");
    assertRecognized(Conv2dImpl.class, archive, randn(2, 4, 8, 9));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "2, true", "2, false", "3, true"})
  void recognizesTransposedConvolutions(int dims, boolean bias) {
    String traced =
        String.format(
            "torch._convolution(x, self.weight, %s, %s, %s, %s, True, %s, 2, %s)",
            bias ? "self.bias" : "None",
            list(dims, "2"),
            list(dims, "1"),
            list(dims, "1"),
            list(dims, "1"),
            FLAGS);
    Tensor x = randn(shape(dims, 2, 4, 5));
    Class<? extends Module> type = TRANSPOSED[dims - 1].asSubclass(Module.class);
    assertRecognized(
        type,
        conv("ConvTranspose" + dims + "d", randn(shape(dims, 4, 3, 3)), bias, 6).returns(traced),
        x);
    LayerArchive scripted =
        conv("ConvTranspose" + dims + "d", randn(shape(dims, 4, 3, 3)), bias, 6)
            .method(
                String.format(
                    """
                    def forward(self,
                        input: Tensor,
                        output_size: Optional[List[int]]=None) -> Tensor:
                      output_padding = (self)._output_padding(input, output_size, )
                      _0 = torch.conv_transpose%dd(input, self.weight, %s, %s, %s, output_padding, 2, %s)
                      return _0
                    """,
                    dims,
                    bias ? "self.bias" : "None",
                    list(dims, "2"),
                    list(dims, "0"),
                    list(dims, "2")))
            .method(
                String.format(
                    """
                    def _output_padding(self,
                        input: Tensor,
                        output_size: Optional[List[int]]) -> List[int]:
                      if torch.__is__(output_size, None):
                        ret = torch.list(%s)
                      else:
                        output_size0 = unchecked_cast(List[int], output_size)
                        res = annotate(List[int], [])
                        for d in range(%d):
                          _1 = torch.append(res, torch.sub(output_size0[d], torch.size(input, d)))
                        ret = res
                      return ret
                    """,
                    list(dims, "1"), dims));
    assertRecognized(type, scripted, x);
  }

  @Test
  void makesNoLargeWeightOfItsOwn() {
    LayerArchive archive =
        conv("Conv2d", randn(6, 4, 1, 1), false, 6)
            .returns("torch.conv2d(x, self.weight, None, [1, 1])");
    Conv2dImpl conv = assertRecognized(Conv2dImpl.class, archive, randn(2, 4, 8, 9));
    assertEquals(4, conv.options().in_channels().get());
    assertFalse(conv.bias().defined());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch.conv2d(torch.pad(x, [2, 1, 1, 1], \"reflect\"), self.weight, self.bias)",
        "torch.conv2d(torch.pad(x, [1, 2, 1, 1], \"circular\"), self.weight, self.bias)",
        "torch.conv2d(torch.pad(x, [1, 1, 1, 1], \"constant\"), self.weight, self.bias)",
        "torch.conv2d(torch.pad(x, [1, 1, 1, 1], \"reflect\"), self.weight, self.bias, [1], [1])",
        "torch.conv_transpose2d(x, self.weight, self.bias)",
        "torch.conv2d(torch.neg(x), self.weight, self.bias)",
        "torch.conv2d(x, torch.neg(self.weight), self.bias)",
        "torch.conv2d(x, self.weight, self.bias, [1, torch.size(x, 0)])",
        "torch._convolution(x, self.weight, self.bias, [1, 1], [0, 0], [1, 1], True, [0, 0], 1, False, False, True, True)",
      })
  void rejectsOtherPrograms(String expression) {
    assertRejected(conv("Conv2d", randn(4, 4, 3, 3), true, 4).returns(expression), "");
  }

  @Test
  void rejectsWeightsOfOtherRank() {
    assertRejected(
        conv("Conv2d", randn(4, 4, 3), true, 4).returns("torch.conv2d(x, self.weight, self.bias)"),
        "weight of shape [4, 4, 3]");
  }
}
