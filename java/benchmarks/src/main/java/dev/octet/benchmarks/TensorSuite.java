// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** A suite over tensors that it owns; nothing it runs records gradients. */
abstract class TensorSuite implements Suite {
  private final String name;
  private final NoGradGuard noGrad = new NoGradGuard();
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<Comparison> comparisons = new ArrayList<>();

  TensorSuite(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Comparison> comparisons() {
    return Collections.unmodifiableList(comparisons);
  }

  @Override
  public Map<String, String> peers() {
    return libtorch();
  }

  private static Map<String, String> libtorch() {
    try {
      // The version of the presets, which begins with that of libtorch.
      return Map.of("libtorch", Loader.getVersion("org.bytedeco", "pytorch"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns libtorch and another peer. */
  static Map<String, String> withPeer(String name, String version) {
    Map<String, String> peers = new LinkedHashMap<>(libtorch());
    peers.put(name, version);
    return peers;
  }

  void add(Comparison comparison) {
    comparisons.add(comparison);
  }

  <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  /** A call whose result is thrown away. */
  static Runnable call(Supplier<Tensor> operation) {
    return () -> operation.get().close();
  }

  @Override
  public void close() {
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("a resource of suite " + name + " can't be closed", e);
      }
    }
    noGrad.close();
  }

  /** Returns a number of elements in words. */
  static String size(long elements) {
    return elements >= 1 << 20 ? (elements >> 20) + " Mi" : (elements >> 10) + " Ki";
  }
}
