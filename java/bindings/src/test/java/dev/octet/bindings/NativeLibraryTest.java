// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.global.octet;
import java.io.File;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {
  private final int threads = NativeLibrary.threads();
  private final InstructionSet isa = NativeLibrary.instructionSet();

  @AfterEach
  void restore() {
    NativeLibrary.setThreads(threads);
    NativeLibrary.setInstructionSet(isa);
  }

  @Test
  void libraryAndJarHaveTheSameVersion() {
    assertEquals(NativeLibrary.mavenVersion(), NativeLibrary.version());
    assertTrue(new File(NativeLibrary.path()).isFile());
  }

  @Test
  void everyAvailableInstructionSetCanBeChosen() {
    assertTrue(NativeLibrary.isAvailable(InstructionSet.SCALAR));
    for (InstructionSet candidate : InstructionSet.values()) {
      if (NativeLibrary.isAvailable(candidate)) {
        NativeLibrary.setInstructionSet(candidate);
        assertEquals(candidate, NativeLibrary.instructionSet());
      } else {
        assertThrows(
            UnsupportedOperationException.class, () -> NativeLibrary.setInstructionSet(candidate));
      }
    }
  }

  @Test
  void threadSettingIsCheckedAndKept() {
    NativeLibrary.setThreads(3);
    assertEquals(3, NativeLibrary.threads());
    String message =
        assertThrows(IllegalArgumentException.class, () -> NativeLibrary.setThreads(0))
            .getMessage();
    assertTrue(message.contains("num_threads") && message.contains("0"), message);
    assertEquals(3, NativeLibrary.threads());
  }

  @Test
  void cudaIsThereOrSaidToBeMissing() {
    String reason = NativeLibrary.whyNoCuda();
    assertEquals(reason.isEmpty(), !NativeLibrary.cudaDevices().isEmpty(), reason);
    assertEquals(reason.isEmpty() ? 1 : 0, octet.octet_cuda_available());
    if (!reason.isEmpty()) {
      int[] count = new int[1];
      String message =
          assertThrows(
                  UnsupportedOperationException.class,
                  () -> NativeLibrary.check(octet.octet_cuda_device_count(count)))
              .getMessage();
      assertTrue(message.contains(reason), message);
    }
  }

  @Test
  void aNullArgumentIsAnErrorWithWords() {
    int status = octet.octet_fake_quantize(null, null, null, null);
    assertEquals(octet.OCTET_INVALID_ARGUMENT, status);
    assertFalse(octet.octet_last_error().getString().isEmpty());
    assertThrows(IllegalArgumentException.class, () -> NativeLibrary.check(status));
  }
}
