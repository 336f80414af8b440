// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.AnyForward;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.FreshOutput;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import dev.octet.quantization.tree.NearestNames;
import dev.octet.quantization.tree.StructuralCopy;
import dev.octet.quantization.tree.TypeNamed;
import dev.octet.quantization.tree.WrapperModule;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * A module whose forward is recorded as a list of nodes, so that it can be run, copied, converted,
 * printed and lowered.
 *
 * <p>Nodes call children, operators of libtorch through its dispatcher, read tensors, and control
 * the flow. Make one with {@link #builder}, {@link #sequential} or {@link #fromSequential}.
 * Children are registered natively under their names, so that state dicts, {@code train} and {@code
 * to} work as for any module.
 *
 * <p>Running: intermediate tensors are closed as soon as no later node needs them; arguments stay
 * the caller's, and results are new handles that the caller owns. Gradients flow as in eager mode.
 * Several threads may run a graph at once if its children allow it; replacing a child must not
 * happen meanwhile.
 */
public class GraphModule extends Module
    implements AnyForward, ChildHolder, FreshOutput, StructuralCopy, TypeNamed {

  private static final int SUGGESTIONS = 3;
  private static final String TRAINING = "training";

  private final String typeName;
  private final Map<String, Module> children;
  private final Map<String, GraphAttribute> attributes;
  private final Map<String, Object> variables;
  private final Map<String, GraphProgram> programs = new LinkedHashMap<>();
  private final Set<String> written = new HashSet<>();

  GraphModule(GraphDefinition definition) {
    super(definition.typeName());
    typeName = definition.typeName();
    children = new LinkedHashMap<>(definition.children());
    attributes = new LinkedHashMap<>();
    variables = new LinkedHashMap<>();
    definition.attributes().forEach(this::register);
    definition
        .variables()
        .forEach((name, value) -> variables.put(name, Values.secondHandle(value)));
    // Before the children are there: they have modes of their own.
    train(definition.training());
    children.forEach((name, child) -> register_module(name, ModuleTypes.owned(child)));
    definition.methods().forEach(this::replaceMethod);
  }

  /** The module's own handle; a registered tensor keeps its identity when the model is moved. */
  private void register(String name, GraphAttribute attribute) {
    Tensor tensor = new Tensor(attribute.tensor());
    tensor.retainReference();
    switch (attribute.kind()) {
      case PARAMETER -> register_parameter(name, tensor, tensor.requires_grad());
      case BUFFER -> register_buffer(name, tensor);
      case CONSTANT -> {}
    }
    attributes.put(name, new GraphAttribute(tensor, attribute.kind()));
  }

  /**
   * Make a graph of its parts.
   *
   * @param definition the parts; the module takes the children themselves and shares the tensors
   * @return the graph
   * @throws IllegalArgumentException if a node uses a value that is not there, or an operator is
   *     unknown
   */
  public static GraphModule of(GraphDefinition definition) {
    return new GraphModule(definition);
  }

  /**
   * Start to build a graph.
   *
   * @param inputs the names of the arguments of its forward, in order
   * @return a builder
   */
  public static GraphBuilder builder(String... inputs) {
    return new GraphBuilder(inputs);
  }

  /**
   * Make a graph that calls modules one after the other, named by position.
   *
   * @param modules the children, at least one
   * @return the graph
   */
  public static GraphModule sequential(Module... modules) {
    Map<String, Module> named = new LinkedHashMap<>();
    for (Module module : modules) {
      named.put(Integer.toString(named.size()), module);
    }
    return sequential(named);
  }

  /**
   * Make a graph that calls modules one after the other.
   *
   * @param modules the children by name, at least one, in the order in which they run
   * @return the graph
   */
  public static GraphModule sequential(Map<String, ? extends Module> modules) {
    return SequentialGraphs.of(modules, true);
  }

  /**
   * Make a graph of libtorch's Sequential, and of those inside it.
   *
   * <p>The graph has the same submodules, parameters and training mode, not copies.
   *
   * @param sequential a container
   * @return the graph
   */
  public static GraphModule fromSequential(SequentialImpl sequential) {
    return SequentialGraphs.convert(sequential);
  }

  /**
   * Run the graph on one tensor.
   *
   * @param input the argument
   * @return the result
   * @throws IllegalArgumentException if the graph takes another number of arguments
   * @throws IllegalStateException if the graph returns no single tensor; use {@link #forwardAny}
   */
  public Tensor forward(Tensor input) {
    return single(forwardAny(input));
  }

  /**
   * Run the graph on two tensors.
   *
   * @param input1 the first argument
   * @param input2 the second argument
   * @return the result
   */
  public Tensor forward(Tensor input1, Tensor input2) {
    return single(forwardAny(input1, input2));
  }

  /**
   * Run the graph on three tensors.
   *
   * @param input1 the first argument
   * @param input2 the second argument
   * @param input3 the third argument
   * @return the result
   */
  public Tensor forward(Tensor input1, Tensor input2, Tensor input3) {
    return single(forwardAny(input1, input2, input3));
  }

  @Override
  public Object forwardAny(Object... arguments) {
    return call(GraphMethod.FORWARD, arguments);
  }

  /**
   * Run one of the methods.
   *
   * @param method its name
   * @param arguments tensors, numbers, booleans, strings, lists and maps of these, or null
   * @return one of these; an unmodifiable list where there are several results
   * @throws IllegalArgumentException if there is no such method, or it takes other arguments
   */
  public Object call(String method, Object... arguments) {
    GraphProgram program = program(method);
    Object[] values = GraphArguments.toValues(program.method().inputs(), arguments);
    try {
      return Values.handOver(program.run(this, values));
    } finally {
      GraphArguments.closeConverted(values, arguments);
    }
  }

  /** Run a method for another graph, which shares native lists and dicts with this one. */
  Object run(String method, Object[] arguments) {
    return program(method).run(this, arguments);
  }

  private GraphProgram program(String method) {
    GraphProgram program = programs.get(method);
    if (program == null) {
      throw new IllegalArgumentException(
          typeName + " has no method '" + method + "'; it has " + programs.keySet());
    }
    return program;
  }

  private Tensor single(Object result) {
    if (result instanceof Tensor tensor) {
      return tensor;
    }
    throw new IllegalStateException(
        typeName
            + " returned "
            + (result == null ? "None" : result.getClass().getSimpleName())
            + ", not one Tensor; call forwardAny(...)");
  }

  @Override
  public String typeName() {
    return typeName;
  }

  /**
   * Return the parts of this graph, of which another can be made.
   *
   * @return the children themselves, and the graph's own handles of its tensors and variables
   */
  public GraphDefinition definition() {
    return new GraphDefinition(typeName, children, attributes, variables, methods(), is_training());
  }

  /**
   * Return the nodes of {@code forward} in the order in which they run.
   *
   * @return an unmodifiable list
   */
  public List<GraphNode> nodes() {
    return program(GraphMethod.FORWARD).method().nodes();
  }

  /**
   * Return the names of the arguments of {@code forward}.
   *
   * @return an unmodifiable list
   */
  public List<String> inputs() {
    return program(GraphMethod.FORWARD).method().inputNames();
  }

  /**
   * Return what {@code forward} returns.
   *
   * @return a {@link GraphValue}, a constant, or an unmodifiable list of these
   */
  public Object output() {
    return program(GraphMethod.FORWARD).method().output();
  }

  /**
   * Return the recorded methods.
   *
   * @return by name; {@code forward} is missing in a module that is not called
   */
  public Map<String, GraphMethod> methods() {
    Map<String, GraphMethod> methods = new LinkedHashMap<>();
    programs.forEach((name, program) -> methods.put(name, program.method()));
    return Collections.unmodifiableMap(methods);
  }

  /**
   * Add a constant, which is in no state dict and stays on its device.
   *
   * @param name its name; one that is there already keeps its value
   * @param tensor its value, of which the graph makes a handle of its own
   */
  public void addConstant(String name, Tensor tensor) {
    if (!attributes.containsKey(name)) {
      register(name, new GraphAttribute(tensor, GraphAttribute.Kind.CONSTANT));
    }
  }

  /**
   * Record a method anew, or a further one. No run of this graph may be going on.
   *
   * @param name its name
   * @param method what it does from now on
   * @throws IllegalArgumentException if a node uses a value that is not there, or an operator is
   *     unknown; the graph is unchanged then
   */
  public void replaceMethod(String name, GraphMethod method) {
    programs.put(name, new GraphProgram(method));
    GraphNodes.visit(
        method.nodes(),
        node -> {
          if (node.kind() == GraphNode.Kind.SET_ATTRIBUTE) {
            written.add(node.target());
          }
        });
  }

  /**
   * Return a child, or a module below one.
   *
   * @param path its name or dotted path
   * @return the Java object
   * @throws IllegalArgumentException if there is none; the message lists the nearest names
   */
  public Module child(String path) {
    return child(path.split("\\.", -1));
  }

  Module child(String[] names) {
    Module module = children.get(names[0]);
    for (int i = 1; i < names.length && module != null; i++) {
      module = below(module, names[i]);
    }
    return module == null ? missingChild(names) : ModuleTypes.typed(module);
  }

  /** A child by the name that it has, or had before conversion put a wrapper around its parent. */
  private static Module below(Module module, String name) {
    Module child = childrenOf(module).get(name);
    return child == null && module instanceof WrapperModule wrapper
        ? below(wrapper.facadeInner(), name)
        : child;
  }

  private static Map<String, Module> childrenOf(Module module) {
    return module instanceof ChildHolder holder
        ? holder.childObjects()
        : ModuleTree.of(module).children(module);
  }

  private Module missingChild(String[] names) {
    Module parent = this;
    int i = 0;
    for (Module next = below(parent, names[0]); next != null; next = below(parent, names[i])) {
      parent = next;
      i++;
    }
    throw new IllegalArgumentException(
        typeName
            + " has no child '"
            + String.join(".", names)
            + "'; nearest to '"
            + names[i]
            + "' are "
            + NearestNames.of(names[i], childrenOf(parent).keySet(), SUGGESTIONS));
  }

  /**
   * Return a tensor that the graph keeps, or a parameter or buffer of a child.
   *
   * @param path its name or dotted path
   * @return a handle; not to be closed if the tensor is the graph's own
   * @throws IllegalArgumentException if there is none
   */
  public Tensor attribute(String path) {
    GraphAttribute own = attributes.get(path);
    if (own != null) {
      return own.tensor();
    }
    int dot = path.lastIndexOf('.');
    if (dot > 0) {
      Module owner = child(path.substring(0, dot));
      while (owner instanceof WrapperModule wrapper) {
        owner = wrapper.facadeInner();
      }
      String name = path.substring(dot + 1);
      try (StringTensorDict parameters = owner.named_parameters(false);
          StringTensorDict buffers = owner.named_buffers(false)) {
        for (StringTensorDict dict : List.of(parameters, buffers)) {
          Tensor tensor = dict.find(name);
          if (tensor != null && !tensor.isNull()) {
            return new Tensor(tensor);
          }
        }
      }
    }
    throw new IllegalArgumentException(
        typeName + " has no attribute '" + path + "'; its own are " + attributes.keySet());
  }

  /** Read for a node: a tensor, a variable, or a module's mode. */
  void read(String path, int slot, Environment environment) {
    GraphAttribute own = attributes.get(path);
    if (own != null) {
      // A tensor that is replaced later must not change under those who have read it.
      boolean replaced = written.contains(path);
      environment.put(slot, replaced ? own.tensor().detach() : own.tensor(), replaced);
    } else if (variables.containsKey(path)) {
      environment.put(slot, Values.secondHandle(variables.get(path)), true);
    } else if (path.equals(TRAINING)) {
      environment.put(slot, is_training(), false);
    } else {
      readBelow(path, slot, environment);
    }
  }

  private void readBelow(String path, int slot, Environment environment) {
    int dot = path.lastIndexOf('.');
    Module owner = dot < 0 ? null : child(path.substring(0, dot));
    String name = path.substring(dot + 1);
    if (owner instanceof GraphModule graph) {
      graph.read(name, slot, environment);
    } else if (owner != null && name.equals(TRAINING)) {
      environment.put(slot, owner.is_training(), false);
    } else {
      environment.put(slot, attribute(path), true);
    }
  }

  /** Write for a node. */
  void write(String path, Object value) {
    int dot = path.lastIndexOf('.');
    if (dot >= 0 && child(path.substring(0, dot)) instanceof GraphModule graph) {
      graph.write(path.substring(dot + 1), value);
      return;
    }
    GraphAttribute own = attributes.get(path);
    if (own != null && value instanceof Tensor tensor) {
      try (Tensor data = tensor.detach()) {
        own.tensor().set_data(data);
      }
    } else if (variables.containsKey(path)) {
      Values.close(variables.put(path, Values.secondHandle(value)));
    } else {
      throw new IllegalStateException(
          typeName
              + " cannot set '"
              + path
              + "'; it can set the tensors "
              + attributes.keySet()
              + " and the variables "
              + variables.keySet());
    }
  }

  /**
   * Return the tensors that the graph itself keeps.
   *
   * @return an unmodifiable view by name
   */
  public Map<String, GraphAttribute> attributes() {
    return Collections.unmodifiableMap(attributes);
  }

  @Override
  public Map<String, Module> childObjects() {
    return Collections.unmodifiableMap(children);
  }

  @Override
  public void childObject(String name, Module module) {
    if (!children.containsKey(name)) {
      throw new IllegalArgumentException(
          typeName + " has no child '" + name + "'; it has " + children.keySet());
    }
    children.put(name, module);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    Map<String, Module> childCopies = new LinkedHashMap<>();
    children.forEach((name, child) -> childCopies.put(name, context.copy(child)));
    Map<String, GraphAttribute> attributeCopies = new LinkedHashMap<>();
    attributes.forEach(
        (name, attribute) ->
            attributeCopies.put(
                name, new GraphAttribute(context.copy(attribute.tensor()), attribute.kind())));
    Map<String, Object> variableCopies = new LinkedHashMap<>();
    variables.forEach((name, value) -> variableCopies.put(name, Values.copy(value, context)));
    try {
      return new GraphModule(
          new GraphDefinition(
              typeName, childCopies, attributeCopies, variableCopies, methods(), is_training()));
    } finally {
      variableCopies.values().forEach(Values::close);
    }
  }

  /** Closes the graph's handles of its own tensors and variables, and this one. */
  @Override
  public void close() {
    attributes.values().forEach(attribute -> attribute.tensor().close());
    variables.values().forEach(Values::close);
    super.close();
  }

  /**
   * Print the nodes as a program.
   *
   * @return one line a node
   */
  public String code() {
    return GraphPrinter.code(this);
  }

  /**
   * Print the tree of modules.
   *
   * @return one line a module
   */
  @Override
  public String toString() {
    return GraphPrinter.tree(this);
  }
}
