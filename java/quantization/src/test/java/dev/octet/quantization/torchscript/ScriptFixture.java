// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphModule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Writes TorchScript files from source, as torch.jit.script does. */
final class ScriptFixture {

  private ScriptFixture() {}

  /** A module of a class of this name, such as {@code torch.nn.modules.linear.Linear}. */
  static JitModule module(String className, String source) {
    JitModule module = new JitModule(new QualifiedName("__torch__." + className));
    return source.isEmpty() ? module : define(module, source);
  }

  static JitModule define(JitModule module, String source) {
    module.define(source);
    return module;
  }

  /** Save and load again, as a file from elsewhere would be. */
  static Path save(JitModule module) {
    try {
      Path file = Files.createTempFile("octet", ".pt");
      file.toFile().deleteOnExit();
      module.save(file.toString());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Write a file again with other entries, named below its top folder. */
  static Path edit(Path file, Map<String, String> texts) {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Path edited = Files.createTempFile("octet", ".pt");
      edited.toFile().deleteOnExit();
      String top = zip.entries().nextElement().getName().replaceFirst("/.*", "/");
      try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(edited))) {
        for (ZipEntry entry : Collections.list(zip.entries())) {
          String name = entry.getName().substring(top.length());
          boolean debug = name.endsWith(".debug_pkl");
          if (!debug && !texts.containsKey(name)) {
            put(out, entry.getName(), zip.getInputStream(entry).readAllBytes());
          }
        }
        for (Map.Entry<String, String> text : texts.entrySet()) {
          put(out, top + text.getKey(), text.getValue().getBytes(StandardCharsets.UTF_8));
        }
      }
      return edited;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void put(ZipOutputStream out, String name, byte[] bytes) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(bytes.length);
    CRC32 crc = new CRC32();
    crc.update(bytes);
    entry.setCrc(crc.getValue());
    out.putNextEntry(entry);
    out.write(bytes);
    out.closeEntry();
  }

  static JitModule load(Path file) {
    return torch.load(file.toString());
  }

  static GraphModule importFile(Path file) {
    try {
      return (GraphModule) TorchScriptImporter.load(file).model();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What libtorch's own interpreter returns. */
  static IValue run(JitModule module, Object... arguments) {
    IValueVector stack = new IValueVector();
    for (Object argument : arguments) {
      stack.push_back(value(argument));
    }
    return module.forward(stack);
  }

  static IValue value(Object argument) {
    if (argument == null) {
      return new IValue();
    }
    if (argument instanceof Tensor tensor) {
      return new IValue(tensor);
    }
    if (argument instanceof Long number) {
      return new IValue(number.longValue());
    }
    if (argument instanceof Double number) {
      return new IValue(number.doubleValue());
    }
    if (argument instanceof Boolean flag) {
      return new IValue(flag.booleanValue());
    }
    return new IValue((String) argument);
  }
}
