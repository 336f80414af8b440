// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.tree.ModuleTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * TorchScript models: running imported ones beside libtorch's own interpreter (which has optimised
 * its graphs by the time it is measured), and importing beside loading.
 */
final class ImportSuite extends TensorSuite {
  static final String NAME = "import";

  private static final int CHAIN = 200;
  private static final int RESNET_WIDTH = 64;
  private static final int WIDTH_OF_100_MB = 94;

  private final List<Path> files = new ArrayList<>();
  private final List<JitModule> scripts = new ArrayList<>();
  private final List<GraphModule> models = new ArrayList<>();

  ImportSuite() {
    super(NAME);
    try {
      Path resnet = file();
      ScriptResNet.write(RESNET_WIDTH, resnet);
      run("ResNet-18, batch 1, 224 x 224", resnet, own(randn(1, 3, 224, 224)));
      run(CHAIN + " operators on 8 elements", chain(), own(randn(8)));
      load("import ResNet-18, 47 MB", resnet);
      Path large = file();
      ScriptResNet.write(WIDTH_OF_100_MB, large);
      load("import ResNet-18 of 94 channels, 100 MB", large);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file() throws IOException {
    Path file = Files.createTempFile("octet-bench", ".pt");
    files.add(file);
    return file;
  }

  private Path chain() throws IOException {
    StringBuilder source = new StringBuilder("def forward(self, x):\n");
    for (int i = 0; i < CHAIN / 2; i++) {
      source.append("    x = torch.add(torch.mul(x, 0.5), 1.0)\n");
    }
    source.append("    return x\n");
    Path file = file();
    try (QualifiedName name = new QualifiedName("__torch__.Chain");
        JitModule module = new JitModule(name)) {
      module.define(source.toString());
      module.save(file.toString());
    }
    return file;
  }

  private void run(String name, Path file, Tensor input) throws IOException {
    JitModule script = torch.load(file.toString());
    scripts.add(script);
    GraphModule model = (GraphModule) TorchScriptImporter.load(file).model();
    models.add(model);
    add(
        Comparison.latency(
            name,
            () -> {
              try (NoGradGuard noGrad = new NoGradGuard();
                  Tensor result = model.forward(input)) {
                checkDefined(result);
              }
            },
            "libtorch JitModule.forward",
            () -> {
              try (NoGradGuard noGrad = new NoGradGuard();
                  IValueVector arguments = new IValueVector(1);
                  IValue argument = new IValue(input)) {
                arguments.put(0, argument);
                try (IValue result = script.forward(arguments)) {
                  checkDefined(result.toTensor());
                }
              }
            }));
  }

  private static void checkDefined(Tensor result) {
    if (!result.defined()) {
      throw new IllegalStateException("the model gave no result");
    }
  }

  private void load(String name, Path file) {
    add(
        Comparison.latency(
            name,
            () -> importAndClose(file),
            "libtorch load",
            () -> torch.load(file.toString()).close()));
  }

  private static void importAndClose(Path file) {
    try {
      ModuleTree.close(TorchScriptImporter.load(file).model());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    models.forEach(ModuleTree::close);
    scripts.forEach(JitModule::close);
    for (Path file : files) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    super.close();
  }
}
