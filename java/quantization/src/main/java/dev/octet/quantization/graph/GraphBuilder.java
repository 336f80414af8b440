// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.ModuleTypes;
import dev.octet.quantization.tree.NearestNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.TypeKind;

/**
 * Builds a {@link GraphModule} step by step.
 *
 * <p>Every method that makes a {@link GraphValue} appends a node; nodes run in the order in which
 * they were appended. Arguments are values, numbers, booleans, strings, null for None, {@code
 * ScalarType}, {@code Device}, and lists or arrays of these. What can be checked is checked at
 * once: names, operators, the number and types of their arguments. Not thread-safe, and good for
 * one {@link #build}.
 */
public final class GraphBuilder extends GraphFunctions {

  private static final int SUGGESTIONS = 3;

  private final List<String> inputs;
  private final Map<String, GraphValue> inputValues = new LinkedHashMap<>();
  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, GraphAttribute> attributes = new LinkedHashMap<>();
  private final Map<String, GraphValue> attributeValues = new HashMap<>();
  private final List<GraphNode> nodes = new ArrayList<>();
  private final Map<GraphValue, TypeKind> kinds = new IdentityHashMap<>();
  private final Map<GraphValue, List<TypeKind>> itemKinds = new IdentityHashMap<>();
  private final Set<String> names = new HashSet<>();
  private String typeName = "GraphModule";
  private Object output;

  GraphBuilder(String... inputs) {
    this.inputs = List.of(inputs);
    for (String name : inputs) {
      if (inputValues.containsKey(name)) {
        throw new IllegalArgumentException("input '" + name + "' is given twice; names are unique");
      }
      inputValues.put(name, append(name, GraphNode.Kind.INPUT, name, List.of(), null));
    }
  }

  /**
   * Set the conventional name of the module's type.
   *
   * @param name such as the class name of the original model; {@code GraphModule} if never set
   * @return this builder
   */
  public GraphBuilder typeName(String name) {
    typeName = Objects.requireNonNull(name, "typeName is null");
    return this;
  }

  /**
   * Return an input.
   *
   * @param name one of the names that the builder was made with
   * @return its value
   */
  public GraphValue input(String name) {
    GraphValue value = inputValues.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no input '" + name + "'; the inputs are " + inputs);
    }
    return value;
  }

  /**
   * Register a child without calling it.
   *
   * @param name its name; not empty, without dots
   * @param module the module; the same object may be registered under several names
   * @return this builder
   */
  public GraphBuilder child(String name, Module module) {
    Objects.requireNonNull(module, () -> "child '" + name + "' is null");
    if (name.isEmpty() || name.indexOf('.') >= 0) {
      throw new IllegalArgumentException(
          "child name '" + name + "' must not be empty or contain a dot");
    }
    if (children.containsKey(name) || attributes.containsKey(name)) {
      throw new IllegalArgumentException(
          "'" + name + "' is registered already; choose another name, or call it again by name");
    }
    children.put(name, ModuleTypes.typed(module));
    return this;
  }

  /**
   * Register a child and call it.
   *
   * @param name its name
   * @param module the module
   * @param arguments what its forward takes
   * @return its result
   */
  public GraphValue call(String name, Module module, Object... arguments) {
    child(name, module);
    return call(name, arguments);
  }

  /**
   * Call a registered child, or a module below one.
   *
   * @param path the child's name, or a dotted path that starts with one
   * @param arguments what its forward takes
   * @return its result
   */
  public GraphValue call(String path, Object... arguments) {
    String first = path.contains(".") ? path.substring(0, path.indexOf('.')) : path;
    if (!children.containsKey(first)) {
      throw new IllegalArgumentException(
          "no child '"
              + first
              + "' to call; nearest are "
              + NearestNames.of(first, children.keySet(), SUGGESTIONS)
              + ". Register it with child(name, module) first");
    }
    List<Object> plain = new ArrayList<>();
    for (Object argument : arguments) {
      plain.add(checked(ArgumentTypes.plain(argument), "call of '" + path + "'"));
    }
    return append(
        path.substring(path.lastIndexOf('.') + 1), GraphNode.Kind.CALL_MODULE, path, plain, null);
  }

  @Override
  public GraphValue function(String operator, Object... arguments) {
    return function(operator, Arrays.asList(arguments), Map.of());
  }

  /**
   * Call an operator, with some arguments by name.
   *
   * @param operator the qualified name with overload, such as {@code aten::sum.dim_IntList}
   * @param arguments the first arguments in the order of the schema
   * @param named further arguments; those that are left out take their defaults
   * @return the result; of several results, a tuple whose items {@link #item} takes
   * @throws IllegalArgumentException if there is no such operator, or the arguments do not fit it
   */
  public GraphValue function(String operator, List<?> arguments, Map<String, ?> named) {
    Operator op = Operator.of(operator);
    List<Operator.Parameter> parameters = op.parameters();
    if (arguments.size() > parameters.size()) {
      throw new IllegalArgumentException(
          operator
              + " takes "
              + parameters.size()
              + " arguments "
              + parameterNames(op)
              + ", but "
              + arguments.size()
              + " are given");
    }
    Set<String> unused = new HashSet<>(named.keySet());
    ArgumentTypes types = new ArgumentTypes(operator, kinds::get);
    List<Object> complete = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Operator.Parameter parameter = parameters.get(i);
      boolean byName = unused.remove(parameter.name());
      if (byName && i < arguments.size()) {
        throw new IllegalArgumentException(
            operator + ": argument '" + parameter.name() + "' is given by position and by name");
      }
      if (!byName && i >= arguments.size()) {
        if (!parameter.hasDefault()) {
          throw new IllegalArgumentException(
              operator
                  + ": argument '"
                  + parameter.name()
                  + "' of type "
                  + parameter.typeName()
                  + " is missing; the arguments are "
                  + parameterNames(op));
        }
        complete.add(parameter.defaultValue());
        continue;
      }
      Object argument = byName ? named.get(parameter.name()) : arguments.get(i);
      complete.add(types.normalize(checked(argument, operator), parameter));
    }
    if (!unused.isEmpty()) {
      throw new IllegalArgumentException(
          operator + " has no arguments " + unused + "; they are " + parameterNames(op));
    }
    List<TypeKind> returns = op.returns();
    GraphValue result =
        append(
            baseName(operator),
            GraphNode.Kind.CALL_FUNCTION,
            operator,
            complete,
            returns.size() == 1 ? returns.get(0) : TypeKind.TupleType);
    itemKinds.put(result, returns);
    return result;
  }

  /**
   * Take one item of a list or of several results.
   *
   * @param tuple the value that has items
   * @param index which, from 0
   * @return the item
   */
  public GraphValue item(GraphValue tuple, int index) {
    checked(tuple, "item");
    List<TypeKind> items = kinds.get(tuple) == TypeKind.TupleType ? itemKinds.get(tuple) : null;
    if (index < 0 || items != null && index >= items.size()) {
      throw new IllegalArgumentException(
          "item "
              + index
              + " of '"
              + tuple
              + "' does not exist"
              + (items == null ? "" : "; it has " + items.size()));
    }
    return append(
        tuple.name() + "_" + index,
        GraphNode.Kind.GET_ITEM,
        Integer.toString(index),
        List.of(tuple),
        items == null ? null : items.get(index));
  }

  /**
   * Register a parameter.
   *
   * @param name its name; not empty, without dots
   * @param tensor its value; whether it requires a gradient is kept
   * @return the node that reads it
   */
  public GraphValue parameter(String name, Tensor tensor) {
    return attribute(name, tensor, GraphAttribute.Kind.PARAMETER);
  }

  /**
   * Register a buffer.
   *
   * @param name its name; not empty, without dots
   * @param tensor its value
   * @return the node that reads it
   */
  public GraphValue buffer(String name, Tensor tensor) {
    return attribute(name, tensor, GraphAttribute.Kind.BUFFER);
  }

  /**
   * Add a constant, which is in no state dict and stays on its device.
   *
   * @param name its name; not empty, without dots
   * @param tensor its value
   * @return the node that reads it
   */
  public GraphValue constant(String name, Tensor tensor) {
    return attribute(name, tensor, GraphAttribute.Kind.CONSTANT);
  }

  /**
   * Read a parameter or buffer of a child, or an attribute registered before.
   *
   * @param path a name, or a dotted path such as {@code embedding.weight}
   * @return its value
   */
  public GraphValue attribute(String path) {
    GraphValue known = attributeValues.get(path);
    if (known != null) {
      return known;
    }
    int dot = path.indexOf('.');
    String first = dot < 0 ? path : path.substring(0, dot);
    if (dot < 0 ? !attributes.containsKey(path) : !children.containsKey(first)) {
      throw new IllegalArgumentException(
          "no attribute '"
              + path
              + "'; there are the children "
              + children.keySet()
              + " and the attributes "
              + attributes.keySet());
    }
    return readAttribute(path);
  }

  private GraphValue attribute(String name, Tensor tensor, GraphAttribute.Kind kind) {
    if (name.isEmpty() || name.indexOf('.') >= 0) {
      throw new IllegalArgumentException(
          "attribute name '" + name + "' must not be empty or contain a dot");
    }
    if (children.containsKey(name) || attributes.containsKey(name)) {
      throw new IllegalArgumentException("'" + name + "' is registered already");
    }
    attributes.put(name, new GraphAttribute(tensor, kind));
    return readAttribute(name);
  }

  private GraphValue readAttribute(String path) {
    GraphValue value =
        append(
            path.replace('.', '_'),
            GraphNode.Kind.GET_ATTRIBUTE,
            path,
            List.of(),
            TypeKind.TensorType);
    attributeValues.put(path, value);
    return value;
  }

  /**
   * Set what the graph returns.
   *
   * @param values one value, or several that are returned as a list; lists may be nested
   * @return this builder
   */
  public GraphBuilder output(Object... values) {
    Object plain = ArgumentTypes.plain(values.length == 1 ? values[0] : Arrays.asList(values));
    output = checked(plain, "output");
    return this;
  }

  /**
   * Make the module.
   *
   * @return a new module with the children registered in the order in which they were added
   * @throws IllegalStateException if no output was set
   */
  public GraphModule build() {
    return build(true);
  }

  GraphModule build(boolean training) {
    if (output == null) {
      throw new IllegalStateException("the graph has no output; call output(value) before build()");
    }
    GraphMethod forward =
        new GraphMethod(inputs.stream().map(GraphInput::new).toList(), nodes, output);
    return new GraphModule(
        new GraphDefinition(
            typeName,
            children,
            attributes,
            Map.of(),
            Map.of(GraphMethod.FORWARD, forward),
            training));
  }

  private GraphValue append(
      String name, GraphNode.Kind kind, String target, List<Object> arguments, TypeKind type) {
    String unique = name;
    for (int i = 1; !names.add(unique); i++) {
      unique = name + "_" + i;
    }
    GraphValue value = new GraphValue(unique);
    kinds.put(value, type);
    nodes.add(new GraphNode(value, kind, target, arguments));
    return value;
  }

  private Object checked(Object argument, String where) {
    if (argument instanceof GraphValue value && !kinds.containsKey(value)) {
      throw new IllegalArgumentException(
          where + ": value '" + value + "' was made by another builder; use values of this graph");
    }
    if (argument instanceof List<?> items) {
      items.forEach(item -> checked(item, where));
    }
    return argument;
  }

  private static List<String> parameterNames(Operator operator) {
    return operator.parameters().stream()
        .map(parameter -> parameter.typeName() + " " + parameter.name())
        .toList();
  }

  private static String baseName(String operator) {
    String name = operator.substring(operator.lastIndexOf(':') + 1);
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
