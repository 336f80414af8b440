// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.golden.GoldenScripts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptFilesTest {
  @TempDir Path folder;

  private static Path sound() {
    return GoldenScripts.named("control-flow.script.pt");
  }

  private static double result(JitModule module) {
    try (PointerScope scope = new PointerScope()) {
      IValueVector inputs = new IValueVector(new IValue(torch.ones(2, 6)));
      return module.forward(inputs).toTensor().sum().item_double();
    }
  }

  @Test
  void loadedModelsRun() throws IOException {
    try (JitModule ours = ScriptFiles.load(sound());
        JitModule theirs = torch.load(sound().toString())) {
      assertEquals(result(theirs), result(ours));
    }
  }

  @Test
  void modelsSavedOnGpusAreLoadedToTheCpu() throws IOException {
    TorchZip zip = TorchZip.read(sound());
    String pickle = new String(zip.get("data.pkl"), StandardCharsets.ISO_8859_1);
    String cuda = pickle.replace("X\u0003\0\0\0cpu", "X\u0006\0\0\0cuda:0");
    zip.set("data.pkl", cuda.getBytes(StandardCharsets.ISO_8859_1));
    Path file = zip.write(folder.resolve("cuda.pt"));
    try (JitModule ours = ScriptFiles.load(file);
        JitModule theirs = torch.load(sound().toString())) {
      assertEquals(result(theirs), result(ours));
    }
  }

  @Test
  void aScopeClosesWhatWasLoadedInIt() throws IOException {
    JitModule module;
    try (PointerScope scope = new PointerScope()) {
      module = ScriptFiles.load(sound());
    }
    assertTrue(module.isNull(), "still open");
  }

  @Test
  void whatLibtorchRefusesIsAnErrorOfTheFile() throws IOException {
    TorchZip zip = TorchZip.read(sound());
    String code = zip.text("code/__torch__/goldens.py");
    zip.set("code/__torch__/goldens.py", code.replace("torch.relu(h)", "torch.relux(h)"));
    Path file = zip.write(folder.resolve("unknown.pt"));
    ModelFileException error = assertThrows(ModelFileException.class, () -> ScriptFiles.load(file));
    assertTrue(error.getMessage().startsWith(file + ": libtorch can't load"), error.getMessage());
    assertTrue(error.getMessage().contains("relux"), error.getMessage());
  }

  @Test
  void missingFilesAreErrorsOfTheirOwn() {
    assertThrows(NoSuchFileException.class, () -> ScriptFiles.load(folder.resolve("none.pt")));
  }
}
