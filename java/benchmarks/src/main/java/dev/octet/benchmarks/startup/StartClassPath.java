// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bytedeco.javacpp.Loader;

/**
 * The jars that a service needs that uses one of the libraries, in the order of its dependencies.
 */
final class StartClassPath {
  private static final List<String> OCTET =
      List.of(
          "dev/octet/runtime/session/Session.class",
          "dev/octet/bindings/NativeLibrary.class",
          "org/bytedeco/javacpp/Loader.class",
          "com/fasterxml/jackson/databind/json/JsonMapper.class",
          "com/fasterxml/jackson/annotation/JsonProperty.class",
          "com/fasterxml/jackson/core/JsonFactory.class",
          "org/slf4j/Logger.class");

  private static final List<String> ONNX_RUNTIME = List.of("ai/onnxruntime/OrtSession.class");

  private StartClassPath() {}

  /** Returns the class path of Octet's runtime, with a main class. */
  static String octet(Class<?> main) {
    Set<String> entries = new LinkedHashSet<>();
    OCTET.forEach(resource -> entries.add(entry(resource)));
    String platform = Loader.getPlatform();
    entries.add(entry("dev/octet/bindings/" + platform + "/" + System.mapLibraryName("jnioctet")));
    entries.add(
        entry("org/bytedeco/javacpp/" + platform + "/" + System.mapLibraryName("jnijavacpp")));
    return join(main, entries);
  }

  /** Returns the class path of ONNX Runtime, with a main class. */
  static String onnxRuntime(Class<?> main) {
    Set<String> entries = new LinkedHashSet<>();
    ONNX_RUNTIME.forEach(resource -> entries.add(entry(resource)));
    return join(main, entries);
  }

  private static String join(Class<?> main, Set<String> entries) {
    return entry(main.getName().replace('.', '/') + ".class")
        + File.pathSeparator
        + String.join(File.pathSeparator, entries);
  }

  /** Returns the jar or folder of this process's class path that has a resource. */
  private static String entry(String resource) {
    URL url = StartClassPath.class.getClassLoader().getResource(resource);
    if (url == null) {
      throw new IllegalStateException(resource + " is not on the class path");
    }
    try {
      URLConnection connection = url.openConnection();
      if (connection instanceof JarURLConnection jar) {
        return Path.of(jar.getJarFileURL().toURI()).toString();
      }
      Path folder = Path.of(url.toURI());
      for (int i = 0; i < Path.of(resource).getNameCount(); i++) {
        folder = folder.getParent();
      }
      return folder.toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(url + " is no file", e);
    }
  }
}
