// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  static JitModule load(Path file) {
    return torch.load(file.toString());
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
