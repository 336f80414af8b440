// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.Arrays;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Recognises recorded layers and compares what they compute with libtorch's interpreter. */
final class LayerAssert {

  private LayerAssert() {}

  /** Recognise a layer. */
  static Recognition recognize(LayerArchive archive, JitModule module) {
    return new KnownLayers(new SharedTensors()).recognize(archive.record(module));
  }

  /**
   * Recognise a layer, and compare it with its recording: in its mode, and in both modes if the
   * recording has them.
   */
  static <M extends Module> M assertRecognized(
      Class<M> type, LayerArchive archive, Tensor... inputs) {
    JitModule recorded = archive.load();
    Recognition recognition = recognize(archive, recorded);
    if (recognition.module().isEmpty()) {
      fail("not recognised: it " + recognition.reason().orElse("is unknown"));
    }
    Module module = recognition.module().get();
    assertEquals(type, module.getClass());
    assertEquals(recorded.is_training(), module.is_training());
    assertSame(recorded, module, inputs);
    return type.cast(module);
  }

  /** Compare in a mode; the running statistics too. */
  static void assertSame(JitModule recorded, Module module, boolean mode, Tensor... inputs) {
    recorded.train(mode);
    module.train(mode);
    assertSame(recorded, module, inputs);
  }

  static void assertSame(JitModule recorded, Module module, Tensor... inputs) {
    try (NoGradGuard noGrad = new NoGradGuard()) {
      Object[] copies = new Object[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        copies[i] = inputs[i].clone();
      }
      torch.manual_seed(7);
      Tensor expected = run(recorded, copies);
      Object[] own = new Object[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        own[i] = inputs[i].clone();
      }
      torch.manual_seed(7);
      Tensor actual = (Tensor) ModuleCall.forward(module, own);
      assertTrue(
          expected.equal(actual) || isInexact(module) && expected.allclose(actual),
          () -> difference(expected, actual));
      assertEquals(expected.scalar_type().intern(), actual.scalar_type().intern());
      for (int i = 0; i < inputs.length; i++) {
        assertTrue(((Tensor) copies[i]).equal((Tensor) own[i]), "change of input " + i);
      }
    }
  }

  /** libtorch's instance norm does not always give the same bits for the same input. */
  private static boolean isInexact(Module module) {
    return ModuleTypes.typeName(module).startsWith("InstanceNorm");
  }

  private static String difference(Tensor expected, Tensor actual) {
    return Arrays.equals(expected.shape(), actual.shape())
        ? "differs by " + expected.sub(actual).abs().max().item_double()
        : Arrays.toString(expected.shape()) + " became " + Arrays.toString(actual.shape());
  }

  static Tensor run(JitModule recorded, Object... inputs) {
    IValueVector stack = new IValueVector();
    for (Object input : inputs) {
      stack.push_back(new IValue((Tensor) input));
    }
    return recorded.forward(stack).toTensor();
  }

  /** The layer is not recognised, for a reason with these words. */
  static void assertRejected(LayerArchive archive, String words) {
    Recognition recognition = recognize(archive, archive.load());
    assertTrue(recognition.module().isEmpty(), "recognised");
    String reason = recognition.reason().orElse("");
    assertTrue(reason.contains(words), reason);
  }
}
