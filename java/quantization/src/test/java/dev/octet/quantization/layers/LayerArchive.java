// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.bytedeco.pytorch.BoolType;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch;

/**
 * Writes a layer as torch.jit.save does: the code of its class, as tracing or scripting makes it,
 * beside its tensors.
 */
final class LayerArchive {

  /** Class names that the importer knows no layers of. */
  private static final String PACKAGE = "__torch__.recorded.";

  /** Never freed: the type is libtorch's own. */
  private static final TypePtr BOOL = new TypePtr(BoolType.get());

  private final String className;
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private final Map<String, Tensor> buffers = new LinkedHashMap<>();
  private final Map<String, Object> constants = new LinkedHashMap<>();
  private final List<String> methods = new ArrayList<>();
  private boolean training;
  private String version = "3";

  private LayerArchive(String className) {
    this.className = className;
  }

  /** A module of another class. */
  static LayerArchive ofUser(String className) {
    return new LayerArchive(className);
  }

  /** A layer of a module of torch.nn, such as {@code linear.Linear}. */
  static LayerArchive of(String className) {
    return new LayerArchive("torch.nn.modules." + className);
  }

  LayerArchive parameter(String name, Tensor tensor) {
    tensor.set_requires_grad(true);
    parameters.put(name, tensor);
    return this;
  }

  LayerArchive buffer(String name, Tensor tensor) {
    buffers.put(name, tensor);
    return this;
  }

  LayerArchive constant(String name, Object value) {
    constants.put(name, value);
    return this;
  }

  LayerArchive training(boolean mode) {
    training = mode;
    return this;
  }

  /** Set the version of the operators, if they are not those of 1.13 in its oldest form. */
  LayerArchive version(int number) {
    version = Integer.toString(number);
    return this;
  }

  /** Add a method in the form in which archives have them, without the type of self. */
  LayerArchive method(String source) {
    methods.add(source);
    return this;
  }

  /** Add a forward of x of one line. */
  LayerArchive returns(String expression) {
    return method("def forward(self,\n    x: Tensor) -> Tensor:\n  return " + expression);
  }

  /** Save and load it. */
  JitModule load() {
    try {
      Path plain = Files.createTempFile("layer", ".pt");
      Path file = Files.createTempFile("layer", ".pt");
      try {
        try (JitModule module = attributes()) {
          module.save(plain.toString());
        }
        rewrite(plain, file);
        return torch.load(file.toString());
      } finally {
        Files.delete(plain);
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private JitModule attributes() {
    JitModule module = new JitModule(new QualifiedName(PACKAGE + "Layer"));
    parameters.forEach((name, tensor) -> module.register_parameter(name, tensor, false));
    buffers.forEach(module::register_buffer);
    module.register_attribute("training", BOOL, new IValue(training), false, false);
    return module;
  }

  private void rewrite(Path plain, Path file) throws IOException {
    try (ZipFile saved = new ZipFile(plain.toFile());
        OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      String root = "";
      for (ZipEntry entry : Collections.list(saved.entries())) {
        String name = entry.getName();
        root = name.substring(0, name.indexOf('/'));
        if (name.equals(root + "/version")) {
          put(zip, name, version + "\n");
        } else if (!name.startsWith(root + "/code/")) {
          put(zip, name, saved.getInputStream(entry));
        }
      }
      String code = root + "/code/__torch__/";
      put(zip, code + "recorded.py", source());
      put(zip, code + "torch/nn/functional.py", functional());
    }
  }

  private static void put(ZipOutputStream zip, String name, InputStream content)
      throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    content.transferTo(zip);
    zip.closeEntry();
  }

  private static void put(ZipOutputStream zip, String name, String content) throws IOException {
    put(zip, name, new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
  }

  private static String functional() throws IOException {
    try (InputStream in = LayerArchive.class.getResourceAsStream("functional.py")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private String source() {
    StringBuilder source = new StringBuilder("class Layer(Module):\n");
    source.append("  __parameters__ = ").append(names(parameters)).append('\n');
    source.append("  __buffers__ = ").append(names(buffers)).append('\n');
    parameters.keySet().forEach(name -> source.append("  ").append(name).append(" : Tensor\n"));
    buffers.keySet().forEach(name -> source.append("  ").append(name).append(" : Tensor\n"));
    source.append("  training : bool\n");
    for (String method : methods) {
      String self = "(self: " + PACKAGE + "Layer,";
      source.append(method.strip().replace("(self,", self).indent(2));
    }
    return source.toString();
  }

  private static String names(Map<String, Tensor> tensors) {
    StringBuilder names = new StringBuilder("[");
    tensors.keySet().forEach(name -> names.append('"').append(name).append("\", "));
    return names.append(']').toString();
  }

  /** What the importer hands to the recogniser. */
  RecordedLayer record(JitModule module) {
    GraphModule graph = (GraphModule) TorchScriptImporter.of(module).model();
    return new RecordedLayer(
        className,
        graph.methods().entrySet().stream()
            .filter(method -> method.getKey().matches("forward\\d*"))
            .map(Map.Entry::getValue)
            .toList(),
        graph.attributes(),
        constants,
        graph.childObjects(),
        graph.is_training());
  }
}
