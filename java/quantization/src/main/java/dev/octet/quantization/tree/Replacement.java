// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/** One exchange of a child: checked as a whole, then carried out. */
final class Replacement {

  private final Module parent;
  private final String name;
  private final Module old;
  private final Module target;
  private final List<Slot> slots;
  private final Map<Class<?>, Module> facades = new HashMap<>();

  Replacement(Module parent, String name, Module old, Module target, List<Slot> slots) {
    this.parent = parent;
    this.name = name;
    this.old = old;
    this.target = target;
    this.slots = slots;
  }

  /** Whether the module is in its place already. */
  boolean changesNothing() {
    return old == target;
  }

  /** Find everything that stands in the way, changing nothing. */
  void check() {
    if (changesNothing()) {
      return;
    }
    ModuleTypes.identity(target);
    for (Slot slot : slots) {
      Place place = slot.place();
      String obstacle = place.obstacle();
      if (obstacle == null) {
        obstacle = typeObstacle(place.required());
      }
      if (obstacle != null) {
        throw new ModuleReplaceException(
            "cannot replace '"
                + name
                + "' ("
                + ModuleTypes.typeName(old)
                + ") of "
                + ModuleTypes.typeName(parent)
                + " by "
                + ModuleTypes.typeName(target)
                + " in "
                + place.describe()
                + ": "
                + obstacle
                + ", or exclude the module from conversion");
      }
    }
  }

  private String typeObstacle(Class<?> required) {
    if (required.isInstance(target)) {
      return null;
    }
    String misfit = "a " + target.getClass().getSimpleName() + " is no " + required.getSimpleName();
    if (!(target instanceof FacadeTarget)) {
      return misfit + "; declare it as a type that both classes have, such as Module";
    }
    Module inner = Facades.inner(target, required);
    if (inner == null) {
      return misfit + " and wraps none; declare it as a type that both classes have";
    }
    Class<?> superclass = Facades.superclass(inner, required);
    if (!Facades.isOpen(superclass)) {
      return misfit
          + ", and "
          + superclass.getName()
          + " is final, so that no subclass can stand for it; make the class non-final";
    }
    facades.computeIfAbsent(superclass, c -> Facades.create(target, inner, c));
    return null;
  }

  void apply() {
    swapRegistration();
    List<Slot> copying = new ArrayList<>();
    for (Slot slot : slots) {
      if (slot.place().copies()) {
        copying.add(slot);
      } else {
        set(slot);
      }
    }
    copying.forEach(this::set);
    if (parent instanceof ChildHolder holder) {
      holder.childObject(name, target);
    } else if (slots.stream().noneMatch(slot -> slot.owner() == parent)) {
      RememberedChildren.put(parent, name, target);
    }
  }

  /** An unmodifiable view may already show the replacement, put into the list behind it. */
  private void set(Slot slot) {
    if (slot.holds(old.address())) {
      slot.place().set(valueFor(slot.place().required()));
    }
  }

  private Module valueFor(Class<?> required) {
    return required.isInstance(target)
        ? target
        : facades.get(Facades.superclass(Facades.inner(target, required), required));
  }

  List<Module> touched() {
    return slots.stream().map(Slot::owner).toList();
  }

  /** The native registry appends: what comes after the name has to leave and come back. */
  private void swapRegistration() {
    Map<String, Module> registered = ModuleInfo.registered(parent);
    Module share = NativeModules.owned(target);
    boolean behind = false;
    for (Map.Entry<String, Module> child : registered.entrySet()) {
      boolean swapped = child.getKey().equals(name);
      behind |= swapped;
      if (behind) {
        parent.unregister_module(child.getKey());
        parent.register_module(child.getKey(), swapped ? share : child.getValue());
      }
      child.getValue().close();
    }
    if (share != target) {
      share.close();
    }
  }
}
