// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.OnCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.Device;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What there is without the presets, or without a part of them: in processes of their own. */
@Tag("cuda")
class CudaPresetsTest {
  /** Runs a session wherever it can, and says why there is no stream of the presets. */
  static final class Service {
    private Service() {}

    public static void main(String[] args) {
      Perceptron perceptron = Perceptron.make(1);
      float[] x = TestPrograms.floats(new Random(1), 2 * TestPrograms.IN, 5);
      run(perceptron, SessionOptions.defaults(), x);
      if (OnCuda.isThere()) {
        run(perceptron, OnCuda.options(), x);
      }
      String why = CudaPresets.whyUnavailable();
      Device device = Device.cuda(0);
      for (Executable call :
          List.<Executable>of(
              CudaPresets::requireAvailable,
              () -> PresetStream.create(device),
              () -> PresetStream.of(device, null),
              () -> PresetEvent.create(device),
              () -> PresetEvent.createUntimed(device),
              () -> PresetDevices.properties(device))) {
        assertEquals(why, assertThrows(UnsupportedOperationException.class, call).getMessage());
      }
      assertEquals(0, PresetStream.live() + PresetEvent.live());
      System.out.println(why);
    }

    private static void run(Perceptron perceptron, SessionOptions options, float[] x) {
      try (Session session = Session.open(perceptron.program(), options)) {
        for (int i = 0; i < 3; i++) {
          TensorData input = TensorData.of(x, 2, TestPrograms.IN);
          assertArrayEquals(
              perceptron.expected(x, 2), session.run(Map.of("x", input)).get("y").floats());
        }
      }
    }
  }

  /** Runs the service with some of this class path, and returns what it said. */
  private static String serve(Predicate<String> isPresets)
      throws IOException, InterruptedException {
    String all = System.getProperty("java.class.path");
    String kept =
        Stream.of(all.split(File.pathSeparator))
            .filter(entry -> !isPresets.test(Path.of(entry).getFileName().toString()))
            .collect(Collectors.joining(File.pathSeparator));
    assertTrue(kept.length() < all.length(), all);
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                kept,
                Service.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output.strip();
  }

  @Test
  void sessionsRunWithoutThePresets() throws IOException, InterruptedException {
    String said = serve(jar -> jar.startsWith("cuda-"));
    String words = "JavaCPP's presets for CUDA are not on the class path: add ";
    assertTrue(said.endsWith(words + CudaPresets.coordinates("")), said);
  }

  @Test
  void sessionsRunWithoutTheNativePartOfThePresets() throws IOException, InterruptedException {
    String platform = Loader.getPlatform();
    String said = serve(jar -> jar.startsWith("cuda-") && jar.endsWith("-" + platform + ".jar"));
    String words =
        "JavaCPP's presets for CUDA could not be loaded: the jar with their native part is not on"
            + " the class path: add ";
    assertTrue(said.endsWith(words + CudaPresets.coordinates(platform)), said);
  }

  @Test
  void coordinatesAreThoseOfTheBuild() {
    String coordinates = CudaPresets.coordinates("linux-x86_64");
    assertTrue(
        coordinates.matches("org\\.bytedeco:cuda:13(\\.\\d+)+-[\\d.]+-1\\.5\\.\\d+:linux-x86_64"),
        coordinates);
  }

  private static String explain(String library) {
    UnsatisfiedLinkError failure = new UnsatisfiedLinkError("no jnicudart in java.library.path");
    failure.initCause(
        new UnsatisfiedLinkError(
            "/c/libjnicudart.so: " + library + ": cannot open shared object file"));
    return CudaPresets.explain(failure, "linux-x86_64");
  }

  /** As the linker of the system words it. */
  @Test
  void missingLibrariesAreNamed() {
    String driver = explain("libcuda.so.1");
    assertTrue(driver.contains(": libcuda.so.1, the NVIDIA driver, is missing: install"), driver);
    String runtime = explain("libcudart.so.13");
    assertTrue(
        runtime.contains(": libcudart.so.13, the CUDA runtime, is missing: install"), runtime);
    assertTrue(runtime.contains("LD_LIBRARY_PATH"), runtime);
    String other = explain("libstdc++.so.6");
    assertTrue(other.contains("/c/libjnicudart.so: libstdc++.so.6: cannot open"), other);
  }
}
