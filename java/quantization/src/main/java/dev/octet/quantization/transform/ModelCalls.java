// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.tree.JavaSequential;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ModuleDictImpl;
import org.bytedeco.pytorch.ModuleListImpl;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * Who calls the modules of a model, who reads their tensors and who shares them, as far as graphs
 * and containers tell.
 */
final class ModelCalls {

  private static final String TRAINING = "training";

  private final Map<Long, Entry> entries = new LinkedHashMap<>();
  private final Map<Long, Set<Long>> ownersByMemory = new HashMap<>();

  private ModelCalls() {}

  /** What is known of one module. */
  private static final class Entry {
    final Module module;
    final List<ModuleNode> registrations = new ArrayList<>();
    final List<CallSite> sites = new ArrayList<>();
    String reader;

    Entry(Module module) {
      this.module = module;
    }
  }

  static ModelCalls of(ModuleTree tree) {
    ModelCalls calls = new ModelCalls();
    Set<List<Object>> seen = new HashSet<>();
    for (ModuleNode node : tree.nodes()) {
      Object parent = node.parent() == null ? "" : ModuleTypes.identity(node.parent());
      if (seen.add(List.of(parent, node.name()))) {
        calls.entry(node.module()).registrations.add(node);
      }
    }
    calls.entries.values().forEach(calls::addTensors);
    calls.entries.values().forEach(calls::addSites);
    calls.entries.values().forEach(calls::addChain);
    return calls;
  }

  private Entry entry(Module module) {
    return entries.computeIfAbsent(ModuleTypes.identity(module), id -> new Entry(module));
  }

  private void addTensors(Entry entry) {
    long id = ModuleTypes.identity(entry.module);
    try (StringTensorDict parameters = entry.module.named_parameters(false);
        StringTensorDict buffers = entry.module.named_buffers(false)) {
      for (StringTensorDict dict : List.of(parameters, buffers)) {
        for (long i = 0; i < dict.size(); i++) {
          addOwner(dict.get(i).value(), id);
        }
      }
    }
    if (entry.module instanceof GraphModule graph) {
      graph.attributes().values().stream()
          .map(GraphAttribute::tensor)
          .forEach(tensor -> addOwner(tensor, id));
    }
  }

  private void addOwner(Tensor tensor, long owner) {
    if (tensor.numel() > 0) {
      ownersByMemory.computeIfAbsent(address(tensor), a -> new HashSet<>()).add(owner);
    }
  }

  private static long address(Tensor tensor) {
    try (Pointer data = tensor.data_ptr()) {
      return data.address();
    }
  }

  /** Add the calls that graphs and code that cannot be seen may make. */
  private void addSites(Entry entry) {
    if (entry.module instanceof GraphModule graph) {
      String path = entry.registrations.get(0).path();
      graph
          .methods()
          .forEach(
              (name, method) ->
                  GraphNodes.visit(method.nodes(), node -> addNode(graph, path, name, node)));
    }
    for (ModuleNode registration : entry.registrations) {
      Module parent = registration.parent();
      Module caller = parent == null ? null : codeOf(parent);
      if (caller != null) {
        entry.sites.add(new CallSite.InCode(ModuleTypes.typeName(caller)));
      }
    }
  }

  /** The module whose code may call the children of a module; null if all calls can be seen. */
  private Module codeOf(Module parent) {
    if (parent instanceof GraphModule || isChain(parent)) {
      return null;
    }
    if (!(parent instanceof ModuleListImpl) && !(parent instanceof ModuleDictImpl)) {
      return parent;
    }
    for (ModuleNode registration : entry(parent).registrations) {
      Module code = registration.parent() == null ? parent : codeOf(registration.parent());
      if (code != null) {
        return code;
      }
    }
    return null;
  }

  /** Whether a module calls its children one after the other, and does nothing else. */
  private static boolean isChain(Module module) {
    if (!(module instanceof JavaSequential)) {
      return false;
    }
    try {
      return module.getClass().getMethod("forward", Tensor.class).getDeclaringClass()
          == JavaSequential.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("a JavaSequential has forward(Tensor)", e);
    }
  }

  private void addNode(GraphModule graph, String path, String method, GraphNode node) {
    int dot = node.target().lastIndexOf('.');
    switch (node.kind()) {
      case CALL_MODULE ->
          entry(graph.child(node.target()))
              .sites
              .add(new CallSite.InGraph(graph, path, method, node.result()));
      case CALL_METHOD ->
          entry(graph.child(node.target().substring(0, dot)))
              .sites
              .add(new CallSite.InGraph(graph, path, method, node.result()));
      case GET_ATTRIBUTE, SET_ATTRIBUTE -> {
        if (dot > 0 && !node.target().endsWith("." + TRAINING)) {
          entry(graph.child(node.target().substring(0, dot))).reader =
              "node '" + node.name() + "'" + (path.isEmpty() ? "" : " of '" + path + "'");
        }
      }
      default -> {}
    }
  }

  /** Add the calls of a chain, unless only its children are called, by graphs around it. */
  private void addChain(Entry entry) {
    boolean root = entry.registrations.get(0).parent() == null;
    if (!isChain(entry.module) || entry.sites.isEmpty() && !root) {
      return;
    }
    Module previous = null;
    for (Module child : ((JavaSequential) entry.module).childObjects().values()) {
      entry(child).sites.add(new CallSite.InChain(previous));
      previous = child;
    }
  }

  /** Say that a module stands in the place of another one now. */
  void replace(Module old, Module replacement) {
    entries.put(ModuleTypes.identity(replacement), entry(old));
  }

  /** The modules, each once, parents before children. */
  List<Module> modules() {
    return entries.values().stream().map(entry -> entry.module).toList();
  }

  List<ModuleNode> registrations(Module module) {
    return entry(module).registrations;
  }

  List<CallSite> sites(Module module) {
    return entry(module).sites;
  }

  /** What reads or sets a tensor of the module from outside; null if nothing does. */
  String reader(Module module) {
    return entry(module).reader;
  }

  /** Whether another module has a tensor in the same memory. */
  boolean isShared(Tensor tensor) {
    return tensor.defined()
        && tensor.numel() > 0
        && ownersByMemory.getOrDefault(address(tensor), Set.of()).size() > 1;
  }
}
