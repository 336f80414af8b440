// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** A suite over tensors that it owns; nothing it runs records gradients. */
abstract class TensorSuite extends OwningSuite {
  private final NoGradGuard noGrad = new NoGradGuard();

  TensorSuite(String name) {
    super(name);
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

  /** A call whose result is thrown away. */
  static Runnable call(Supplier<Tensor> operation) {
    return () -> operation.get().close();
  }

  @Override
  public void close() {
    super.close();
    noGrad.close();
  }

  /** Returns a number of elements in words. */
  static String size(long elements) {
    return elements >= 1 << 20 ? (elements >> 20) + " Mi" : (elements >> 10) + " Ki";
  }
}
