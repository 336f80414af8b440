// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.kernel.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizerTest {
  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(7);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = ScalarType.class,
      names = {"Half", "BFloat16"})
  void sixteenBitFloatsAreWidenedAndRounded(ScalarType type) {
    try (Quantizer quantizer = Quantizer.create(QuantizationMethod.ASYMMETRIC_UNIFORM, bits(4))) {
      quantizer.setQuantRange(-1, 2);
      Tensor x = torch.randn(5, 7).to(type);
      Tensor out = quantizer.forward(x);
      Tensor expected = quantizer.forward(x.to(ScalarType.Float)).to(type);
      assertEquals(type, out.scalar_type().intern());
      assertTrue(out.equal(expected));
    }
  }

  @Test
  void stridesAreKept() {
    try (Quantizer quantizer = symmetric(8)) {
      quantizer.setQuantRange(-2, 2);
      Tensor x = torch.randn(6, 4).t();
      Tensor out = quantizer.forward(x);
      assertArrayEquals(new long[] {out.stride(0), out.stride(1)}, new long[] {1, 4});
      assertTrue(out.equal(quantizer.forward(x.contiguous())));
      Tensor expanded = torch.randn(1, 4).expand(3, 4);
      assertTrue(quantizer.forward(expanded).equal(quantizer.forward(expanded.contiguous())));
    }
  }

  @Test
  void emptyTensorsAndScalarsAreFine() {
    try (Quantizer quantizer = symmetric(8)) {
      quantizer.setQuantRange(-2, 2);
      assertArrayEquals(new long[] {0, 3}, quantizer.forward(torch.zeros(0, 3)).shape());
      assertEquals(0, quantizer.forward(Tensors.scalar(0f)).dim());
    }
  }

  @Test
  void wrongTypesAreRefusedInWords() {
    try (Quantizer quantizer = symmetric(8)) {
      quantizer.setQuantRange(-2, 2);
      Tensor doubles = torch.randn(3).to(ScalarType.Double);
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> quantizer.forward(doubles));
      assertTrue(thrown.getMessage().contains("x"), thrown.getMessage());
      Tensor complex = doubles.to(ScalarType.ComplexDouble);
      assertThrows(IllegalArgumentException.class, () -> quantizer.forward(complex));
      Tensor four = torch.randn(4);
      assertThrows(
          IllegalArgumentException.class, () -> quantizer.toCodes(four, ScalarType.Double));
    }
  }

  @Test
  void codesOfEveryIntegerTypeAgree() {
    try (Quantizer quantizer = Quantizer.create(QuantizationMethod.ASYMMETRIC_UNIFORM, bits(6))) {
      quantizer.setQuantRange(-1, 2);
      Tensor x = torch.randn(50);
      Tensor codes = quantizer.toCodes(x);
      for (ScalarType type : List.of(ScalarType.Byte, ScalarType.Char, ScalarType.Int)) {
        Tensor integers = quantizer.toCodes(x, type);
        assertEquals(type, integers.scalar_type().intern());
        assertTrue(integers.to(ScalarType.Float).equal(codes));
      }
    }
  }

  @Test
  void negativeAxisCountsFromTheLast() {
    QuantizerOptions options = bits(4);
    try (Quantizer last = symmetric(options.withAxis(-1));
        Quantizer second = symmetric(options.withAxis(1))) {
      Tensor min = Tensors.floats(new float[] {-1, -2, -3}, 3);
      Tensor max = Tensors.floats(new float[] {1, 2, 3}, 3);
      last.setQuantRange(min, max);
      second.setQuantRange(min, max);
      Tensor x = torch.randn(5, 3);
      assertTrue(last.forward(x).equal(second.forward(x)));
      assertThrows(IllegalArgumentException.class, () -> second.forward(torch.randn(3)));
      assertThrows(IllegalArgumentException.class, () -> second.forward(torch.randn(3, 2)));
    }
  }

  @Test
  void rangeIsNeededFirst() {
    for (QuantizationMethod method : QuantizationMethod.values()) {
      try (Quantizer quantizer = Quantizer.create(method, bits(8))) {
        assertFalse(quantizer.isInitialized());
        Tensor x = torch.randn(3);
        assertThrows(QuantizerNotInitializedException.class, () -> quantizer.forward(x));
        assertThrows(QuantizerNotInitializedException.class, quantizer::scale);
        quantizer.setQuantRange(-1, 1);
        quantizer.forward(x);
        quantizer.reset();
        assertThrows(QuantizerNotInitializedException.class, () -> quantizer.forward(x));
      }
    }
  }

  @Test
  void stateMovesToAnotherQuantizer() {
    QuantizerOptions options = bits(4).withPerChannel(true);
    try (Quantizer from = symmetric(options);
        Quantizer to = symmetric(options)) {
      from.setQuantRange(
          Tensors.floats(new float[] {-1, 0}, 2), Tensors.floats(new float[] {1, 3}, 2));
      to.loadState(from.state().tensors());
      Tensor x = torch.randn(2, 9);
      assertTrue(from.forward(x).equal(to.forward(x)));
      assertThrows(
          IllegalArgumentException.class,
          () -> to.loadState(Map.of("_zero_float", Tensors.scalar(0f))));
    }
  }

  @Test
  void learnedRangeIsListedOnceAsParameter() {
    try (Quantizer quantizer = Quantizer.create(QuantizationMethod.ASYMMETRIC_UNIFORM, bits(4))) {
      quantizer.setQuantRange(-1, 1);
      assertEquals(0, quantizer.module().parameters().size());
      assertEquals(2, quantizer.module().buffers().size());
      quantizer.makeRangeTrainable();
      assertEquals(2, quantizer.module().parameters().size());
      assertEquals(0, quantizer.module().buffers().size());
      assertThrows(IllegalStateException.class, () -> quantizer.setQuantRange(-2, 2));
      try (NoGradGuard guard = new NoGradGuard()) {
        quantizer.setQuantRange(-2, 2);
      }
      quantizer.makeRangeFixed();
      assertEquals(0, quantizer.module().parameters().size());
      quantizer.setQuantRange(-1, 1);
    }
  }

  @Test
  void halvingTheModelKeepsRanges() {
    try (Quantizer quantizer = Quantizer.create(QuantizationMethod.ASYMMETRIC_UNIFORM, bits(4))) {
      quantizer.setQuantRange(-1, 1);
      Module parent = new Module("parent");
      parent.register_module("quantizer", quantizer.module());
      parent.to(ScalarType.Half, false);
      assertEquals(ScalarType.Float, quantizer.delta().scalar_type().intern());
      Tensor x = torch.randn(9).to(ScalarType.Half);
      assertEquals(ScalarType.Half, quantizer.forward(x).scalar_type().intern());
    }
  }

  @Test
  void gradientsAgreeWithDifferencesOfTheClampedIdentity() {
    try (Quantizer quantizer = symmetric(8)) {
      quantizer.setQuantRange(-1, 1);
      Tensor x = Tensors.floats(new float[] {-3, -0.5f, 0.25f, 0.9f, 3}, 5);
      x.set_requires_grad(true);
      Tensor out = quantizer.forward(x);
      out.sum().backward();
      assertArrayEquals(new float[] {0, 1, 1, 1, 0}, Tensors.toFloats(x.grad()));
    }
  }

  @Test
  void sixteenBitFloatsLearnRangesIn32Bits() {
    try (Quantizer quantizer = symmetric(4);
        Quantizer wide = symmetric(4)) {
      Tensor x = torch.randn(64, 64).to(ScalarType.Half);
      for (Quantizer q : List.of(quantizer, wide)) {
        q.setQuantRange(-1, 1);
        q.makeRangeTrainable();
      }
      Tensor out = quantizer.forward(x);
      assertEquals(ScalarType.Half, out.scalar_type().intern());
      out.to(ScalarType.Float).sum().backward();
      wide.forward(x.to(ScalarType.Float)).sum().backward();
      assertEquals(wide.delta().grad().item_float(), quantizer.delta().grad().item_float());
    }
  }

  @Test
  void fixedQuantizerServesManyThreads() throws Exception {
    try (Quantizer quantizer = symmetric(bits(8).withPerChannel(true))) {
      int channels = 16;
      quantizer.setQuantRange(
          torch.full(new long[] {channels}, new Scalar(-2)),
          torch.full(new long[] {channels}, new Scalar(2)));
      Tensor x = torch.randn(channels, 100);
      Tensor expected = quantizer.forward(x);
      ExecutorService threads = Executors.newFixedThreadPool(8);
      List<Future<Boolean>> results = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        results.add(
            threads.submit(
                () -> {
                  try (Tensor out = quantizer.forward(x)) {
                    return out.equal(expected);
                  }
                }));
      }
      for (Future<Boolean> result : results) {
        assertTrue(result.get());
      }
      threads.shutdown();
    }
  }

  @Test
  void optionsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> bits(8).withPerChannel(true).withAxis(0));
    assertThrows(IllegalArgumentException.class, () -> bits(25));
    assertThrows(IllegalArgumentException.class, () -> bits(8).withEps(0));
    assertThrows(IllegalArgumentException.class, () -> bits(8).withScaleDomain(null));
    assertThrows(IllegalArgumentException.class, () -> Quantizer.create(null, bits(8)));
  }

  private static QuantizerOptions bits(int nBits) {
    return QuantizerOptions.ofBits(nBits);
  }

  private static Quantizer symmetric(int nBits) {
    return symmetric(bits(nBits));
  }

  private static Quantizer symmetric(QuantizerOptions options) {
    return Quantizer.create(QuantizationMethod.SYMMETRIC_UNIFORM, options);
  }
}
