// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.benchmarks.startup.OctetStart;
import dev.octet.benchmarks.startup.OnnxStart;
import dev.octet.benchmarks.startup.StartCommand;
import dev.octet.runtime.artifact.Artifact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What a process costs that opens a model and gives one result: the time from the start of its JVM,
 * and its peak memory, each in JVMs of their own with the jars that it needs, as they are shipped.
 * Octet keeps its native library unpacked in JavaCPP's cache, ONNX Runtime unpacks its own at every
 * start. Threads are what each takes.
 */
final class StartupSuite implements Suite {
  static final String NAME = "startup";

  private static final StartCommand OCTET = StartCommand.octet(OctetStart.class);
  private static final StartCommand ONNX_RUNTIME = StartCommand.onnxRuntime(OnnxStart.class);

  private final Path folder;
  private final List<Comparison> comparisons;

  StartupSuite() {
    this(List.of(new int[] {16, 64}, new int[] {64, 224}));
  }

  /** Measures networks of a width on images of a size. */
  StartupSuite(List<int[]> networks) {
    try {
      folder = Files.createTempDirectory("octet-bench");
      comparisons = networks.stream().flatMap(n -> compare(n[0], n[1]).stream()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Comparison> compare(int width, int size) {
    Path artifact = folder.resolve(width + ".octet");
    Path integers = folder.resolve(width + "-int8.onnx");
    Path floats = folder.resolve(width + ".onnx");
    try {
      CnnModel model = CnnModel.resNet(width, size, folder.resolve(width + ".pt"));
      Artifact.write(model.lowered().program(), artifact);
      Files.write(integers, model.onnx().quantized(1, model.images()));
      Files.write(floats, model.onnx().floats(1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String name = "ResNet-18 of " + width + " channels, " + size + " x " + size;
    return List.of(
        first(name, artifact, "ONNX Runtime static int8", integers, size),
        first(name, artifact, "ONNX Runtime f32", floats, size),
        memory(name, artifact, "ONNX Runtime static int8", integers, size),
        memory(name, artifact, "ONNX Runtime f32", floats, size));
  }

  private static Comparison first(String name, Path ours, String peerName, Path peer, int size) {
    return Comparison.told(
        "JVM start to first result, " + name,
        "ms",
        () -> OCTET.run(ours, size).millis(),
        peerName,
        () -> ONNX_RUNTIME.run(peer, size).millis());
  }

  private static Comparison memory(String name, Path ours, String peerName, Path peer, int size) {
    return Comparison.told(
        "peak resident memory, " + name,
        "MB",
        () -> OCTET.run(ours, size).peakMegabytes(),
        peerName,
        () -> ONNX_RUNTIME.run(peer, size).peakMegabytes());
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Comparison> comparisons() {
    return comparisons;
  }

  @Override
  public Map<String, String> peers() {
    return Map.of("onnxruntime", OnnxSession.version());
  }

  @Override
  public void close() {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
