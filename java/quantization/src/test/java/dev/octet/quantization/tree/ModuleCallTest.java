// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class ModuleCallTest {

  static class Two extends Module {
    Tensor forward(Tensor x, long times) throws IOException {
      if (times < 0) {
        throw new IOException("times " + times);
      }
      return times == 0 ? null : x;
    }

    Tensor forward(Tensor... all) {
      return all[all.length - 1];
    }
  }

  @Test
  void callsTheForwardThatFits() {
    Two two = new Two();
    Tensor x = Models.input();
    Tensor y = Models.input();
    assertSame(x, ModuleCall.forward(two, x, 1L));
    assertSame(x, ModuleCall.forward(two, x, 1));
    assertSame(y, ModuleCall.forward(two, x, x, y));
    assertSame(x, ModuleCall.forward(two, x));
    LinearImpl linear = new LinearImpl(4, 3);
    assertTrue(Models.same(linear.forward(x), ModuleCall.forward(linear, x)));
  }

  /** As recorded calls give optional arguments. */
  @Test
  void leavesAbsentArgumentsOfThePresetsOut() {
    ConvTranspose2dImpl conv = new ConvTranspose2dImpl(2, 3, new LongPointer(new long[] {2, 2}));
    Tensor x = torch.randn(1, 2, 4, 4);
    assertTrue(Models.same(conv.forward(x), (Tensor) ModuleCall.forward(conv, x, null)));
    assertThrows(
        IllegalArgumentException.class, () -> ModuleCall.forward(new LinearImpl(4, 3), null, x));
  }

  @Test
  void passesExceptionsOn() {
    assertThrows(IOException.class, () -> ModuleCall.forward(new Two(), Models.input(), -1L));
    Tensor wrong = torch.randn(2, 7);
    String direct =
        assertThrows(RuntimeException.class, () -> new LinearImpl(4, 3).forward(wrong))
            .getMessage();
    RuntimeException called =
        assertThrows(RuntimeException.class, () -> ModuleCall.forward(new LinearImpl(4, 3), wrong));
    assertEquals(direct.lines().findFirst(), called.getMessage().lines().findFirst());
  }

  @Test
  void namesTypesWhenNothingFits() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> ModuleCall.forward(new LinearImpl(4, 3), "text"))
            .getMessage();
    assertTrue(message.contains("Linear (org.bytedeco.pytorch.LinearImpl)"), message);
    assertTrue(message.contains("(String)") && message.contains("forward(Tensor)"), message);
    assertFalse(ModuleCall.hasForward(new ModuleListImpl()));
  }

  @Test
  void namesAndTypesModules() {
    SequentialImpl sequential = new SequentialImpl();
    sequential.push_back(new LinearImpl(4, 3));
    Module view = sequential.ptr(0);
    assertEquals("Linear", ModuleTypes.typeName(view));
    LinearImpl typed = (LinearImpl) ModuleTypes.typed(view);
    assertTrue(ModuleTypes.same(view, typed));
    assertTrue(NativeModules.owns(typed));
    assertFalse(NativeModules.owns(view.asLinear()));
    assertEquals("Sequential", ModuleTypes.typeName(sequential));
    assertEquals("Doubling", ModuleTypes.typeName(new Doubling(typed)));
    assertEquals("Two", ModuleTypes.typeName(new Two()));
    assertEquals("Two", ModuleTypes.typeName(new Two() {}));
  }

  @Test
  void typedObjectsKeepTheNativeModuleAlive() {
    LinearImpl typed;
    try (SequentialImpl sequential = new SequentialImpl()) {
      sequential.push_back(new LinearImpl(4, 3));
      typed = (LinearImpl) ModuleTypes.typed(sequential.ptr(0));
    }
    System.gc();
    assertEquals(3, typed.weight().size(0));
    Module other = new Module("other");
    other.register_module("fc", typed);
    typed.deallocate();
    assertEquals(3, other.named_children().get("fc").asLinear().weight().size(0));
  }
}
