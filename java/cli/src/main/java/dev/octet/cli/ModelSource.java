// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.cli.demo.DigitsNet;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Module;

/** Makes the models that are named on the command line. */
final class ModelSource {
  /** The demo's network. */
  static final String DIGITS = "digits";

  private ModelSource() {}

  /**
   * Makes a model.
   *
   * @param name {@link #DIGITS}, a TorchScript file, or the fully qualified name of a class that
   *     extends Module or is a Supplier of one, and has a public constructor without parameters
   * @param classPath jars and folders to look for the class in, beside Octet's own
   * @throws IllegalArgumentException if there is no such model; the message says why
   * @throws IOException if the file cannot be read
   */
  static Module open(String name, List<Path> classPath) throws IOException {
    if (name.equals(DIGITS)) {
      return new DigitsNet();
    }
    if (isFile(name)) {
      return TorchScriptImporter.load(Path.of(name)).model();
    }
    Class<?> type;
    try {
      // Not closed: the model's classes are needed as long as the model is.
      ClassLoader loader = new URLClassLoader(urls(classPath), ModelSource.class.getClassLoader());
      type = Class.forName(name, true, loader);
    } catch (ClassNotFoundException e) {
      throw new IllegalArgumentException(
          "model is '"
              + name
              + "', expected '"
              + DIGITS
              + "', a file or a class; there is no such file, and no such class:"
              + " --class-path names its jar or folder",
          e);
    }
    if (!Module.class.isAssignableFrom(type) && !Supplier.class.isAssignableFrom(type)) {
      throw new IllegalArgumentException(
          "class "
              + name
              + " does not extend "
              + Module.class.getName()
              + " and is no "
              + Supplier.class.getName()
              + " of one");
    }
    try {
      Object made = type.getConstructor().newInstance();
      Object model = made instanceof Supplier<?> supplier ? supplier.get() : made;
      if (model instanceof Module module) {
        return module;
      }
      throw new IllegalArgumentException(
          "class "
              + name
              + " supplies "
              + (model == null ? "null" : "a " + model.getClass().getName())
              + ", expected a "
              + Module.class.getName());
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          "the constructor of " + name + " failed: " + e.getCause(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          "class " + name + " has no public constructor without parameters", e);
    }
  }

  /** Tells whether a name is that of a file. */
  static boolean isFile(String name) {
    return !name.equals(DIGITS) && Files.exists(Path.of(name));
  }

  /** Splits a class path as the platform does. */
  static List<Path> paths(String classPath) {
    return Arrays.stream(classPath.split(File.pathSeparator))
        .filter(path -> !path.isEmpty())
        .map(Path::of)
        .toList();
  }

  private static URL[] urls(List<Path> classPath) {
    List<URL> urls = new ArrayList<>();
    for (Path path : classPath) {
      if (!Files.exists(path)) {
        throw new IllegalArgumentException("class path entry " + path + " does not exist");
      }
      try {
        urls.add(path.toUri().toURL());
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException("class path entry " + path + " is no file", e);
      }
    }
    return urls.toArray(new URL[0]);
  }
}
