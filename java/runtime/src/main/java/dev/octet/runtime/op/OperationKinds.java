// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.InvalidProgramException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All kinds of operations, by name and version. */
public final class OperationKinds {
  private static final List<OperationKind> ALL =
      List.of(
          new QuantizeKind(),
          new DequantizeKind(),
          new RequantizeKind(),
          new LinearKind(),
          new LinearFloatKind(),
          new MatmulKind(),
          new Conv2dKind(),
          new Conv2dFloatKind(),
          new MaxPool2dKind(),
          new AvgPool2dKind(),
          new AdaptiveAvgPool2dKind(),
          new EmbeddingKind(),
          NormKind.layerNorm(),
          NormKind.rmsNorm(),
          new SoftmaxKind(),
          new AttentionKind(),
          RecurrentKind.rnn(),
          RecurrentKind.lstm(),
          RecurrentKind.gru(),
          new UnaryKind(),
          new BinaryKind(),
          new CompareKind(),
          new WhereKind(),
          new LookUpKind(),
          new CastKind(),
          new ReshapeKind(),
          new TransposeKind(),
          new SliceKind(),
          new ExpandKind(),
          new ConcatKind(),
          new PadKind(),
          new GatherKind(),
          new ReduceKind(),
          new ArgmaxKind(),
          new CumulativeSumKind(),
          new MaskedMeanKind(),
          new L2NormalizeKind());

  private static final Map<String, OperationKind> BY_ID = byId();

  private OperationKinds() {}

  private static Map<String, OperationKind> byId() {
    Map<String, OperationKind> kinds = new TreeMap<>();
    for (OperationKind kind : ALL) {
      if (kinds.put(id(kind.name(), kind.version()), kind) != null) {
        throw new IllegalStateException("two kinds are " + id(kind.name(), kind.version()));
      }
    }
    return kinds;
  }

  private static String id(String name, int version) {
    return name + "@" + version;
  }

  /** Returns all kinds. */
  public static List<OperationKind> all() {
    return ALL;
  }

  /**
   * Returns a kind.
   *
   * @throws InvalidProgramException if there is none of that name and version
   */
  public static OperationKind get(String name, int version) {
    OperationKind kind = BY_ID.get(id(name, version));
    if (kind == null) {
      throw new InvalidProgramException(
          "operation kind '"
              + name
              + "' of version "
              + version
              + " is not known to this version of Octet; expected one of "
              + BY_ID.keySet()
              + ". A newer version may know it");
    }
    return kind;
  }

  /**
   * Returns the newest version of a kind.
   *
   * @throws InvalidProgramException if there is none of that name
   */
  public static OperationKind latest(String name) {
    return ALL.stream()
        .filter(kind -> kind.name().equals(name))
        .reduce((a, b) -> a.version() > b.version() ? a : b)
        .orElseGet(() -> get(name, 1));
  }
}
