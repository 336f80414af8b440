// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.session.Session;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The runtime and what it needs must not see PyTorch, neither its classes nor its libraries; and of
 * JavaCPP's presets for CUDA nothing but the package for those who have them.
 */
class WithoutPyTorchTest {
  private static final String PYTORCH = "org/bytedeco/pytorch";
  private static final String CUDA = "org/bytedeco/cuda";
  private static final String FOR_CUDA = "dev/octet/runtime/cuda/presets/";

  @Test
  void pyTorchIsNotOnTheClassPath() {
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String name = new File(entry).getName();
      assertFalse(name.contains("pytorch") || name.contains("openblas"), entry);
    }
    assertThrows(ClassNotFoundException.class, () -> Class.forName("org.bytedeco.pytorch.Tensor"));
  }

  @Test
  void noClassNamesOneOfTheirs() throws Exception {
    List<String> offenders = new ArrayList<>();
    int classes = search(Session.class, offenders) + search(NativeLibrary.class, offenders);
    assertTrue(classes > 80, classes + " classes");
    assertEquals(List.of(), offenders);
  }

  private static int search(Class<?> member, List<String> offenders)
      throws IOException, URISyntaxException {
    URI place = member.getProtectionDomain().getCodeSource().getLocation().toURI();
    Path path = Path.of(place);
    if (Files.isDirectory(path)) {
      return searchFolder(path, offenders);
    }
    try (FileSystem jar = FileSystems.newFileSystem(path, Map.of())) {
      return searchFolder(jar.getPath("/"), offenders);
    }
  }

  private static int searchFolder(Path folder, List<String> offenders) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> classes = files.filter(f -> f.toString().endsWith(".class")).toList();
      for (Path file : classes) {
        try (InputStream in = Files.newInputStream(file)) {
          String bytes = new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
          boolean forCuda = file.toString().contains(FOR_CUDA);
          if (bytes.contains(PYTORCH) || !forCuda && bytes.contains(CUDA)) {
            offenders.add(file.toString());
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return classes.size();
    }
  }

  @Test
  void noLibraryOfPyTorchIsLoaded() throws IOException {
    NativeLibrary.load();
    Path maps = Path.of("/proc/self/maps");
    if (Files.exists(maps)) {
      List<String> lines = Files.readAllLines(maps);
      assertTrue(lines.stream().anyMatch(line -> line.contains("liboctet")));
      assertTrue(lines.stream().noneMatch(line -> line.contains("libtorch")));
    }
  }
}
