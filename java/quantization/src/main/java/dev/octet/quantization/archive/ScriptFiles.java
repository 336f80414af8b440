// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.global.torch;

/** Loads TorchScript archives through libtorch, after {@link ArchiveGuard} has checked them. */
public final class ScriptFiles {
  // libtorch parses and compiles code by recursion. Memory is used only as far as the stack grows.
  static final long STACK_BYTES = 512L << 20;

  private ScriptFiles() {}

  /**
   * Loads a model to the CPU, whatever device it was saved on.
   *
   * @return the module, owned by the caller (attached to the open {@link PointerScope} if there is
   *     one)
   * @throws ModelFileException if the file is no sound TorchScript archive, or libtorch refuses it
   * @throws IOException if the file can't be read
   */
  public static JitModule load(Path file) throws IOException {
    ArchiveGuard.check(file);
    JitModule[] module = new JitModule[1];
    Throwable[] failure = new Throwable[1];
    Thread loader =
        new Thread(
            null,
            () -> {
              try (Device cpu = new Device("cpu");
                  DeviceOptional device = new DeviceOptional(cpu)) {
                module[0] = torch.load(file.toString(), device, true);
              } catch (Throwable e) {
                failure[0] = e;
              }
            },
            "TorchScript loader",
            STACK_BYTES);
    loader.start();
    boolean interrupted = false;
    while (loader.isAlive()) {
      try {
        loader.join();
      } catch (InterruptedException e) {
        // Native code can't be stopped; the interrupt is passed on afterwards.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure[0] instanceof Error error) {
      throw error;
    }
    if (failure[0] != null) {
      throw ModelFileException.of(
          file, "libtorch can't load the archive: " + failure[0].getMessage(), failure[0]);
    }
    PointerScope scope = PointerScope.getInnerScope();
    if (scope != null) {
      scope.attach(module[0]);
    }
    return module[0];
  }
}
