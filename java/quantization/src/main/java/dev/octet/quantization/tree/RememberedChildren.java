// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Java objects for registered modules that no field of their parent holds.
 *
 * <p>They live as long as the parent's Java object, so that the same child is the same object every
 * time it is asked for, and a Java class that has taken a native child's place is not collected.
 */
final class RememberedChildren {

  private static final Map<Key, Map<String, Module>> CHILDREN = new HashMap<>();
  private static final ReferenceQueue<Module> QUEUE = new ReferenceQueue<>();
  private static final Set<Long> NEW = new HashSet<>();

  private RememberedChildren() {}

  static synchronized Module get(Module parent, String name, long address) {
    Map<String, Module> children = CHILDREN.get(new Key(parent, null));
    Module child = children == null ? null : children.get(name);
    return child != null && !child.isNull() && child.address() == address ? child : null;
  }

  static synchronized void put(Module parent, String name, Module child) {
    for (Object dead = QUEUE.poll(); dead != null; dead = QUEUE.poll()) {
      CHILDREN.remove(dead);
    }
    CHILDREN.computeIfAbsent(new Key(parent, QUEUE), key -> new HashMap<>()).put(name, child);
    NEW.add(child.address());
  }

  /** Those of the addresses whose modules were put here since they were last asked for. */
  static synchronized Set<Long> takeNew(Set<Long> addresses) {
    Set<Long> taken = new HashSet<>(addresses);
    taken.retainAll(NEW);
    NEW.removeAll(taken);
    return taken;
  }

  /** Compares by Java identity; the native address of a closed module may come back. */
  private static final class Key extends WeakReference<Module> {
    private final int hash;

    Key(Module module, ReferenceQueue<Module> queue) {
      super(module, queue);
      hash = System.identityHashCode(module);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return this == other || other instanceof Key key && get() != null && get() == key.get();
    }
  }
}
