// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Module;

/** Says which registration of a module that is registered several times a place belongs to. */
final class SlotOwnership {

  private final ModuleTree tree;
  private final List<ModuleNode> registrations;

  SlotOwnership(ModuleTree tree, List<ModuleNode> registrations) {
    this.tree = tree;
    this.registrations = registrations;
  }

  List<Slot> slotsOf(Module parent, String name, List<Slot> slots) {
    List<Slot> mine = new ArrayList<>();
    for (Slot slot : slots) {
      ModuleNode registration = registrationOf(slot, slots);
      if (registration.parent() == parent && registration.name().equals(name)) {
        mine.add(slot);
      }
    }
    return mine;
  }

  private ModuleNode registrationOf(Slot slot, List<Slot> slots) {
    List<ModuleNode> own = registrations.stream().filter(r -> r.parent() == slot.owner()).toList();
    if (own.size() == 1) {
      return own.get(0);
    }
    if (own.isEmpty()) {
      return registrations.stream()
          .filter(r -> tree.isAncestor(slot.owner(), r.parent()))
          .findFirst()
          .orElse(registrations.get(0));
    }
    ModuleNode named = named(own, slot);
    if (named != null) {
      return named;
    }
    List<Slot> unnamed =
        slots.stream().filter(s -> s.owner() == slot.owner() && named(own, s) == null).toList();
    List<ModuleNode> free =
        own.stream().filter(r -> slots.stream().noneMatch(s -> named(own, s) == r)).toList();
    int position = unnamed.indexOf(slot);
    return position < free.size() ? free.get(position) : own.get(0);
  }

  private static ModuleNode named(List<ModuleNode> registrations, Slot slot) {
    String label = slot.place().label();
    return registrations.stream().filter(r -> r.name().equals(label)).findFirst().orElse(null);
  }
}
