// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;

/**
 * The Java side of a model's module tree: walks over it, finds modules by path, replaces them.
 *
 * <p>libtorch's registry knows names and native objects; which Java objects stand behind them is
 * found in the fields and collections of the modules' classes by native identity, asked from {@link
 * ChildHolder} modules, or, for children that only native code knows, made once and remembered. The
 * same child is the same Java object every time.
 *
 * <p>Call {@link #adopt} before the first replacement, so that libtorch's containers become ones
 * that run Java code. A tree caches what it finds: after registering modules by other means make a
 * new one. Not thread-safe.
 */
public final class ModuleTree {

  private static final int SUGGESTIONS = 3;

  private final Module root;
  private final Map<Module, ModuleInfo> infos = new IdentityHashMap<>();
  private final Map<Long, Module> held = new HashMap<>();

  private ModuleTree(Module root) {
    this.root = root;
  }

  /**
   * Look at a model.
   *
   * @param root the model; a facade counts as what it stands for
   * @return the tree
   */
  public static ModuleTree of(Module root) {
    return new ModuleTree(ModuleTypes.typed(ModuleTypes.resolve(root)));
  }

  /**
   * Turn all libtorch containers of a model into ones that keep and run Java objects, in place.
   *
   * <p>Every {@code SequentialImpl}, {@code ModuleListImpl} and {@code ModuleDictImpl} becomes a
   * {@link JavaSequential}, {@link JavaModuleList} or {@link JavaModuleDict} with the same children
   * under the same names, in the registry and in every field that held it. Subclasses of them are
   * left as they are, and so are containers in places that cannot be set.
   *
   * @param root the model
   * @return the model, or, if it was itself a container, the container that takes its place
   */
  public static Module adopt(Module root) {
    Map<Long, Module> converted = new HashMap<>();
    ModuleTree tree = of(root);
    if (Containers.isNative(tree.root)) {
      tree = of(Containers.toJava(tree.root, tree.children(tree.root)));
    }
    tree.adoptBelow(tree.root, converted, new IdentityHashMap<>());
    return tree.root;
  }

  private void adoptBelow(
      Module parent, Map<Long, Module> converted, Map<Module, Boolean> visited) {
    if (visited.put(parent, true) != null) {
      return;
    }
    for (Map.Entry<String, Module> child : List.copyOf(children(parent).entrySet())) {
      Module module = child.getValue();
      if (Containers.isNative(module) && !runsChildrenNatively(parent)) {
        Module before = module;
        module =
            converted.computeIfAbsent(
                module.address(), address -> Containers.toJava(before, children(before)));
        module = adopted(parent, child.getKey(), before, module);
      }
      adoptBelow(module, converted, visited);
    }
  }

  /** A container that cannot be exchanged still works as long as nothing in it is replaced. */
  private Module adopted(Module parent, String name, Module container, Module replacement) {
    try {
      replace(parent, name, replacement);
      return replacement;
    } catch (ModuleReplaceException e) {
      return container;
    }
  }

  /**
   * Free the native memory of a model now, not when the garbage collector finds its Java objects.
   *
   * <p>The model cannot be used afterwards. Tensors that the caller took from it stay.
   *
   * @param root the model
   */
  public static void close(Module root) {
    Set<Module> modules = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Module> order = new ArrayList<>();
    for (ModuleNode node : of(root).nodes()) {
      if (modules.add(node.module())) {
        order.add(node.module());
      }
    }
    Collections.reverse(order);
    order.forEach(Module::close);
  }

  /**
   * Return the model.
   *
   * @return the Java object at the top of the tree
   */
  public Module root() {
    return root;
  }

  /**
   * Return every registration of a module in the tree.
   *
   * <p>A module that is registered several times is listed each time, and what is below it, too.
   *
   * @return the registrations, parents before children, in registry order, the root first
   */
  public List<ModuleNode> nodes() {
    List<ModuleNode> nodes = new ArrayList<>();
    walk(root, "", "", null, new IdentityHashMap<>(), nodes);
    // After the walk: until then an object in a field may not have got its share.
    Set<Long> addresses = new HashSet<>();
    nodes.forEach(node -> addresses.add(node.module().address()));
    NativeModules.disown(RememberedChildren.takeNew(addresses));
    return nodes;
  }

  private void walk(
      Module module,
      String path,
      String name,
      Module parent,
      Map<Module, String> first,
      List<ModuleNode> nodes) {
    String sameAs = first.putIfAbsent(module, path);
    nodes.add(new ModuleNode(path, name, module, parent, sameAs));
    children(module)
        .forEach((key, child) -> walk(child, join(path, key), key, module, first, nodes));
  }

  /**
   * Return the children of a module.
   *
   * @param parent a module of this tree
   * @return the Java objects by registered name, in registry order
   */
  public Map<String, Module> children(Module parent) {
    return Collections.unmodifiableMap(info(ModuleTypes.resolve(parent)).children());
  }

  /**
   * Find a module by its path.
   *
   * @param path a dotted path, empty for the root
   * @return the Java object, if there is one
   */
  public Optional<Module> find(String path) {
    Module module = root;
    if (!path.isEmpty()) {
      for (String name : path.split("\\.", -1)) {
        module = children(module).get(name);
        if (module == null) {
          return Optional.empty();
        }
      }
    }
    return Optional.of(module);
  }

  /**
   * Return the module at a path.
   *
   * @param path a dotted path, empty for the root
   * @return the Java object
   * @throws IllegalArgumentException if there is none; the message lists the nearest paths
   */
  public Module get(String path) {
    return find(path)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "path '"
                        + path
                        + "' names no module of the model; nearest are "
                        + nearest(path, SUGGESTIONS)));
  }

  /**
   * Return the paths of the tree that are spelled most like a given one.
   *
   * @param path what was looked for
   * @param count how many to return at most
   * @return the nearest first
   */
  public List<String> nearest(String path, int count) {
    List<String> paths = nodes().stream().map(ModuleNode::path).filter(p -> !p.isEmpty()).toList();
    return NearestNames.of(path, paths, count);
  }

  /**
   * Replace the module at a path.
   *
   * @param path the dotted path of a module other than the root
   * @param replacement the module that takes its place
   * @throws IllegalArgumentException if there is no such module
   * @throws ModuleReplaceException if a place cannot be set; nothing has changed then
   */
  public void replace(String path, Module replacement) {
    get(path);
    if (path.isEmpty()) {
      throw new IllegalArgumentException(
          "the root of a model has no parent to be replaced in; use the replacement as the model");
    }
    int dot = path.lastIndexOf('.');
    replace(get(dot < 0 ? "" : path.substring(0, dot)), path.substring(dot + 1), replacement);
  }

  /**
   * Replace a child of a module, in the registry and in every place of the model that holds it.
   *
   * <p>The registry keeps its order. A module that is registered several times is replaced at this
   * registration only: places in other parents go on holding it, and among several names in one
   * parent a field belongs to the name it has, or to the one at the same position.
   *
   * @param parent a module of this tree
   * @param name the name under which it registered the child
   * @param replacement the module that takes its place; where the declared type of a place does not
   *     admit it, it must be a {@link FacadeTarget}, and a facade is stored
   * @throws IllegalArgumentException if the parent has no such child
   * @throws ModuleReplaceException if a place cannot be set; nothing has changed then
   */
  public void replace(Module parent, String name, Module replacement) {
    Replacement plan = checkedPlan(parent, name, replacement);
    if (plan.changesNothing()) {
      return;
    }
    plan.apply();
    plan.touched().forEach(infos::remove);
    infos.remove(ModuleTypes.resolve(parent));
    Module target = ModuleTypes.resolve(replacement);
    held.put(target.address(), target);
  }

  /**
   * Check that a child of a module can be replaced, changing nothing.
   *
   * @param parent a module of this tree
   * @param name the name under which it registered the child
   * @param replacement the module that would take its place
   * @throws IllegalArgumentException if the parent has no such child
   * @throws ModuleReplaceException if a place cannot be set
   */
  public void checkReplace(Module parent, String name, Module replacement) {
    checkedPlan(parent, name, replacement);
  }

  private Replacement checkedPlan(Module parent, String name, Module replacement) {
    Objects.requireNonNull(
        replacement, "replacement is null; pass the module that takes the place");
    Module holder = ModuleTypes.resolve(parent);
    Module target = ModuleTypes.resolve(replacement);
    Module old = children(holder).get(name);
    if (old == null) {
      throw new IllegalArgumentException(
          ModuleTypes.typeName(holder)
              + " has no child '"
              + name
              + "'; it has "
              + children(holder).keySet());
    }
    if (old != target && runsChildrenNatively(holder)) {
      throw new ModuleReplaceException(nativeParent(holder, name));
    }
    Replacement plan = new Replacement(holder, name, old, target, slotsOf(holder, name, old));
    plan.check();
    return plan;
  }

  /** Code of the presets' modules calls their children natively, whatever Java object there is. */
  private static boolean runsChildrenNatively(Module module) {
    if (module instanceof ChildHolder) {
      return false;
    }
    if (module instanceof SequentialImpl) {
      return true;
    }
    for (Class<?> c = module.getClass(); c != Module.class; c = c.getSuperclass()) {
      if (NativeModules.isPreset(c)) {
        return true;
      }
      if (Arrays.stream(c.getDeclaredMethods()).anyMatch(m -> m.getName().equals("forward"))) {
        return false;
      }
    }
    return false;
  }

  private static String nativeParent(Module parent, String name) {
    String type = ModuleTypes.typeName(parent) + " (" + parent.getClass().getName() + ")";
    if (Containers.isNative(parent)) {
      return "cannot replace child '"
          + name
          + "' of a native "
          + type
          + ", which cannot run Java code; call ModuleTree.adopt(model) first and use what it"
          + " returns. It leaves containers as they are that a record or a lambda holds";
    }
    return "cannot replace child '"
        + name
        + "' of "
        + type
        + ", whose native forward calls its children natively; exclude the path, or "
        + (parent instanceof SequentialImpl
            ? "extend JavaSequential instead of SequentialImpl"
            : "build the module from its parts in Java");
  }

  /** The places that belong to one registration of a module. */
  private List<Slot> slotsOf(Module parent, String name, Module module) {
    List<ModuleNode> registrations = distinct(nodes(), module);
    List<Slot> all = new ArrayList<>();
    for (ModuleInfo info : List.copyOf(infos.values())) {
      info.slots().stream().filter(slot -> slot.holds(module.address())).forEach(all::add);
    }
    if (registrations.size() == 1) {
      return all;
    }
    return new SlotOwnership(this, registrations).slotsOf(parent, name, all);
  }

  /** Registrations of a module by parent and name: a shared parent is reached by several paths. */
  private static List<ModuleNode> distinct(List<ModuleNode> nodes, Module module) {
    Map<Module, Map<String, ModuleNode>> byParent = new IdentityHashMap<>();
    List<ModuleNode> registrations = new ArrayList<>();
    for (ModuleNode node : nodes) {
      if (node.module() == module
          && node.parent() != null
          && byParent
                  .computeIfAbsent(node.parent(), p -> new HashMap<>())
                  .putIfAbsent(node.name(), node)
              == null) {
        registrations.add(node);
      }
    }
    return registrations;
  }

  boolean isAncestor(Module ancestor, Module module) {
    if (ancestor == module) {
      return true;
    }
    return children(ancestor).values().stream().anyMatch(child -> isAncestor(child, module));
  }

  private ModuleInfo info(Module module) {
    ModuleInfo info = infos.get(module);
    if (info == null) {
      List<Slot> slots = SlotScanner.scan(module);
      slots.forEach(this::hold);
      info = new ModuleInfo(module, resolveChildren(module), slots);
      infos.put(module, info);
    }
    return info;
  }

  private void hold(Slot slot) {
    Module module = slot.module();
    if (module == null || module.isNull() || module.getClass() == Module.class) {
      return;
    }
    NativeModules.share(module);
    Module known = held.get(module.address());
    boolean better = known == null || NativeModules.isPreset(known.getClass());
    boolean preset = NativeModules.isPreset(module.getClass());
    if (better && (known == null || !preset) && (!preset || NativeModules.owns(module))) {
      held.put(module.address(), module);
    }
  }

  private Map<String, Module> resolveChildren(Module parent) {
    Map<String, Module> known = parent instanceof ChildHolder h ? h.childObjects() : Map.of();
    Map<String, Module> children = new LinkedHashMap<>();
    ModuleInfo.registered(parent)
        .forEach(
            (name, view) -> {
              Module child = resolve(parent, name, view, known.get(name));
              if (child != view) {
                view.close();
              }
              children.put(name, child);
            });
    return children;
  }

  private Module resolve(Module parent, String name, Module view, Module known) {
    if (known != null && ModuleTypes.identity(known) == view.address()) {
      return ModuleTypes.resolve(known);
    }
    Module module = held.get(view.address());
    if (module != null && !module.isNull()) {
      return module;
    }
    module = RememberedChildren.get(parent, name, view.address());
    if (module == null) {
      module = ModuleTypes.typed(view);
      RememberedChildren.put(parent, name, module);
    }
    held.put(view.address(), module);
    return module;
  }

  private static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
