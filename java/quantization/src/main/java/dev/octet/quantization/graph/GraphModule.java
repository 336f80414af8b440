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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/**
 * A module whose forward is recorded as a list of nodes, so that it can be run, copied, converted,
 * printed and lowered.
 *
 * <p>Nodes call children, operators of libtorch through its dispatcher, and read tensors; there is
 * no control flow. Make one with {@link #builder}, {@link #sequential} or {@link #fromSequential}.
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

  private final String typeName;
  private final Map<String, Module> children;
  private final Map<String, GraphAttribute> attributes;
  private final GraphProgram program;

  GraphModule(
      String typeName,
      Map<String, Module> children,
      Map<String, GraphAttribute> attributes,
      GraphProgram program,
      boolean training) {
    super(typeName);
    this.typeName = typeName;
    this.children = new LinkedHashMap<>(children);
    this.attributes = new LinkedHashMap<>();
    this.program = program;
    attributes.forEach(this::register);
    // Before the children are there: they have modes of their own.
    train(training);
    this.children.forEach((name, child) -> register_module(name, ModuleTypes.owned(child)));
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
    return program.run(this, arguments);
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
   * Return the nodes in the order in which they run.
   *
   * @return an unmodifiable list
   */
  public List<GraphNode> nodes() {
    return program.nodes();
  }

  /**
   * Return the names of the arguments.
   *
   * @return an unmodifiable list
   */
  public List<String> inputs() {
    return program.inputs();
  }

  /**
   * Return what the graph returns.
   *
   * @return a {@link GraphValue}, a constant, or an unmodifiable list of these
   */
  public Object output() {
    return program.output();
  }

  /**
   * Return a child, or a module below one.
   *
   * @param path its name or dotted path
   * @return the Java object
   * @throws IllegalArgumentException if there is none; the message lists the nearest names
   */
  public Module child(String path) {
    Module child = children.get(path);
    return child != null ? child : childBelow(path);
  }

  private Module childBelow(String path) {
    Module module = this;
    for (String name : path.split("\\.", -1)) {
      Map<String, Module> below =
          module instanceof ChildHolder holder
              ? holder.childObjects()
              : ModuleTree.of(module).children(module);
      module = below.get(name);
      if (module == null) {
        throw new IllegalArgumentException(
            typeName
                + " has no child '"
                + path
                + "'; nearest to '"
                + name
                + "' are "
                + NearestNames.of(name, below.keySet(), SUGGESTIONS));
      }
    }
    return ModuleTypes.typed(module);
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
    return new GraphModule(typeName, childCopies, attributeCopies, program, is_training());
  }

  /** Closes the graph's handles of its own tensors, and this one. */
  @Override
  public void close() {
    attributes.values().forEach(attribute -> attribute.tensor().close());
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
