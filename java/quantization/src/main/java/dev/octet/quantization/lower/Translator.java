// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.tree.ModuleTypes;
import dev.octet.runtime.type.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Makes a draft of the nodes of a straight-line method. */
final class Translator {
  private static final Map<String, Rule> RULES = new HashMap<>();

  static {
    LayerRules.register(RULES);
    ConvolutionRules.register(RULES);
    ElementwiseRules.register(RULES);
    MaskRules.register(RULES);
    IntegerRules.register(RULES);
    BagRules.register(RULES);
    ShapeRules.register(RULES);
    PoolRules.register(RULES);
    ReductionRules.register(RULES);
    ProductRules.register(RULES);
    PaddingRules.register(RULES);
    ComposedRules.register(RULES);
    ResizeRules.register(RULES);
    RecurrentRules.register(RULES);
    MoveRules.register(RULES);
    ShapedActivationRules.register(RULES);
    DistanceRules.register(RULES);
    SignalPoolRules.register(RULES);
    ChoiceRules.register(RULES);
  }

  private final GraphModule graph;
  private final Trace trace;
  private final DataDependence dependence;
  private final Draft draft;
  private final Constants constants;
  private final SizeConstants sizeConstants;
  private final SizeValues sizeValues;
  private final Map<GraphValue, Object> bound = new IdentityHashMap<>();

  Translator(
      GraphModule graph,
      GraphMethod method,
      Trace trace,
      Draft draft,
      SizeConstants sizeConstants,
      SizeValues sizeValues) {
    this.graph = graph;
    this.sizeConstants = sizeConstants;
    this.sizeValues = sizeValues;
    this.trace = trace;
    this.draft = draft;
    dependence = DataDependence.of(method);
    constants = new Constants(draft);
  }

  /** Fills the draft. */
  void translate(GraphMethod method, LoweringOptions options) {
    for (GraphNode node : method.nodes()) {
      if (node.kind() == GraphNode.Kind.INPUT) {
        input(node, options);
      } else {
        bound.put(node.result(), node(node));
      }
    }
    outputs(method.output(), options.outputs());
  }

  private void input(GraphNode node, LoweringOptions options) {
    LoweringOptions.Input input = options.inputs().get(node.target());
    if (input == null) {
      bound.put(node.result(), trace.value(node.result(), 0));
      return;
    }
    List<Object> recorded = trace.values(node.result());
    ElementType type = TensorBytes.type(input.example());
    if (type == null) {
      throw new LoweringException(
          "the example of input '"
              + input.name()
              + "' is "
              + input.example().scalar_type().getClass().getSimpleName()
              + " of a type that programs don't have; expected float, half, bfloat16, long, int,"
              + " bool or bytes");
    }
    DraftValue value = DraftValue.of(draft.unique(input.name()), type, null, Trace.sizes(recorded));
    draft.addInput(value, input.symbols());
    bound.put(node.result(), value);
  }

  private Object node(GraphNode node) {
    List<Object> recorded = trace.values(node.result());
    if (!dependence.dependsOnElements(node.result())) {
      Object constant = constant(node, recorded);
      if (constant != null || recorded.stream().allMatch(value -> value == null)) {
        return constant;
      }
    }
    List<Object> arguments = new ArrayList<>();
    node.arguments().forEach(argument -> arguments.add(resolve(argument)));
    Call call =
        new Call(draft, constants, sizeValues, origin(node), node.name(), arguments, recorded);
    DraftValue exact = exact(node, call);
    if (exact != null) {
      return exact;
    }
    int before = draft.operations().size();
    try {
      return apply(node, call);
    } catch (UnsupportedOperator e) {
      draft.operations().subList(before, draft.operations().size()).clear();
      // States to begin with are zeros of a batch's size, which operations do without.
      Zeros zeros = dependence.dependsOnElements(node.result()) ? null : Zeros.of(recorded);
      return zeros == null ? withoutRule(node, call, e) : zeros;
    }
  }

  /**
   * Indices and masks that are made of floats, which follow from sizes alone, are constants where
   * they can be: what libtorch rounds on the way to them, as buckets of distances, must not come
   * out one apart. Null: this is none, or it can't.
   */
  private DraftValue exact(GraphNode node, Call call) {
    boolean indices =
        node.kind() == GraphNode.Kind.CALL_FUNCTION
            && call.recorded().get(0) instanceof Tensor
            && (call.isWhole() || call.type() == ElementType.BOOL);
    boolean floats =
        call.arguments().stream()
            .anyMatch(argument -> argument instanceof DraftValue value && value.isFloat());
    if (!indices || !floats || dependence.dependsOnElements(node.result())) {
      return null;
    }
    int before = draft.operations().size();
    try {
      return sizeConstants.of(node, call);
    } catch (UnsupportedOperator e) {
      draft.operations().subList(before, draft.operations().size()).clear();
      return null;
    }
  }

  private Object withoutRule(GraphNode node, Call call, UnsupportedOperator why) {
    boolean tensor = call.recorded().stream().allMatch(Tensor.class::isInstance);
    if (dependence.dependsOnElements(node.result()) || !tensor) {
      return unsupported(call, why);
    }
    int before = draft.operations().size();
    try {
      return sizeConstants.of(node, call);
    } catch (UnsupportedOperator e) {
      draft.operations().subList(before, draft.operations().size()).clear();
      return unsupported(call, e);
    }
  }

  private Origin origin(GraphNode node) {
    boolean isModule = node.kind() == GraphNode.Kind.CALL_MODULE;
    String what = isModule ? ModuleTypes.typeName(graph.child(node.target())) : node.target();
    return new Origin(isModule ? node.target() : node.name(), what, node.source(), isModule);
  }

  private Object apply(GraphNode node, Call call) {
    return switch (node.kind()) {
      case CALL_MODULE -> {
        Module module = graph.child(node.target());
        yield ModuleRules.apply(call, module);
      }
      case CALL_FUNCTION -> {
        Rule rule = RULES.get(base(node.target()));
        if (rule == null) {
          throw new UnsupportedOperator("programs have nothing for this operator");
        }
        yield rule.apply(call);
      }
      case LIST -> call.arguments();
      case GET_ITEM -> {
        if (call.argument(0) instanceof List<?> items) {
          yield items.get(Integer.parseInt(node.target()));
        }
        throw new UnsupportedOperator("it takes an item of what is no list in a program");
      }
      default ->
          throw new UnsupportedOperator(
              "programs have nothing for a node of kind "
                  + node.kind()
                  + " '"
                  + node.target()
                  + "'");
    };
  }

  private static String base(String operator) {
    int dot = operator.indexOf('.');
    return dot < 0 ? operator : operator.substring(0, dot);
  }

  private Object resolve(Object argument) {
    if (argument instanceof GraphValue value) {
      return bound.get(value);
    }
    if (argument instanceof List<?> items) {
      List<Object> resolved = new ArrayList<>();
      items.forEach(item -> resolved.add(resolve(item)));
      return Collections.unmodifiableList(resolved);
    }
    return argument;
  }

  /** Returns what does not follow from elements of inputs; null if an operation must compute it. */
  private Object constant(GraphNode node, List<?> recorded) {
    String name = node.kind() == GraphNode.Kind.GET_ATTRIBUTE ? node.target() : node.name();
    return constant(name, recorded);
  }

  private Object constant(String name, List<?> recorded) {
    Object first = recorded.get(0);
    if (first instanceof Tensor) {
      return constantTensor(name, recorded);
    }
    if (first instanceof List<?> items) {
      List<Object> constants = new ArrayList<>();
      for (int i = 0; i < items.size(); i++) {
        List<Object> item = new ArrayList<>();
        for (Object run : recorded) {
          if (((List<?>) run).size() != items.size()) {
            return null;
          }
          item.add(((List<?>) run).get(i));
        }
        Object constant = constant(name + "_" + i, item);
        if (constant == null && item.get(0) != null) {
          return null;
        }
        constants.add(constant);
      }
      return constants;
    }
    if (recorded.stream().allMatch(value -> Objects.equals(value, first))) {
      return first;
    }
    return recorded.stream().allMatch(Long.class::isInstance)
        ? Extent.of(recorded.stream().mapToLong(value -> (Long) value).toArray())
        : null;
  }

  private static Object constantTensor(String name, List<?> recorded) {
    Tensor first = (Tensor) recorded.get(0);
    if (!first.defined()) {
      return null;
    }
    boolean same =
        recorded.stream()
            .allMatch(value -> value instanceof Tensor other && TensorBytes.same(first, other));
    if (same) {
      return new ConstantTensor(name, first);
    }
    boolean numbers =
        recorded.stream()
            .allMatch(
                value ->
                    value instanceof Tensor tensor
                        && tensor.dim() == 0
                        && (TensorBytes.type(tensor) == ElementType.I64
                            || TensorBytes.type(tensor) == ElementType.S32));
    return numbers
        ? Extent.of(recorded.stream().mapToLong(value -> ((Tensor) value).item_long()).toArray())
        : null;
  }

  /** Puts something in the place of the result, so that the rest can be looked at. */
  private Object unsupported(Call call, UnsupportedOperator why) {
    DraftOperation operation =
        call.operation(Draft.UNSUPPORTED).reason(why.getMessage()).advise(why.advice());
    int count = 0;
    for (Object argument : call.arguments()) {
      if (argument instanceof DraftValue value) {
        operation.input("x" + count++, value);
      }
    }
    Object first = call.recorded().get(0);
    if (first instanceof List<?> items) {
      List<Object> placeholders = new ArrayList<>();
      for (int i = 0; i < items.size(); i++) {
        placeholders.add(placeholder(call, operation, call.name() + "_" + i, call.sizes(i)));
      }
      return placeholders;
    }
    return placeholder(call, operation, call.name(), Trace.sizes(call.recorded()));
  }

  private DraftValue placeholder(Call call, DraftOperation like, String name, Sizes sizes) {
    DraftOperation operation = new DraftOperation(like.kind(), like.origin());
    operation.absorb(like);
    like.inputs().forEach(operation::input);
    ElementType type = call.type() == null ? ElementType.F32 : call.type();
    Sizes known = sizes == null ? Sizes.fixed(call.runs()) : sizes;
    return call.finish(operation, name, type, null, known);
  }

  private void outputs(Object output, List<String> names) {
    List<Object> outputs = new ArrayList<>();
    flatten(resolve(output), outputs);
    if (!names.isEmpty() && names.size() != outputs.size()) {
      throw new LoweringException(
          "the model has "
              + outputs.size()
              + " outputs, but names are given for "
              + names.size()
              + ": "
              + names);
    }
    for (int i = 0; i < outputs.size(); i++) {
      String name = !names.isEmpty() ? names.get(i) : outputs.size() == 1 ? "output" : "output" + i;
      output(name, outputs.get(i));
    }
  }

  private static void flatten(Object output, List<Object> outputs) {
    if (output instanceof List<?> items) {
      items.forEach(item -> flatten(item, outputs));
    } else if (output instanceof Map<?, ?> items) {
      items.values().forEach(item -> flatten(item, outputs));
    } else {
      outputs.add(output);
    }
  }

  private void output(String name, Object output) {
    Origin origin = new Origin(name, "output", null, false);
    Call call = new Call(draft, constants, sizeValues, origin, name, List.of(), emptyRuns());
    DraftValue value;
    try {
      value = output instanceof DraftValue computed ? computed : call.value(output);
    } catch (UnsupportedOperator e) {
      throw new LoweringException(
          "output '" + name + "' of the model is " + output + "; expected a tensor", e);
    }
    if (value.isOnGrid()) {
      DraftOperation operation = call.operation("dequantize").input("x", value);
      value = call.finish(operation, name, ElementType.F32, null, value.sizes());
    }
    draft.outputs().put(name, value);
  }

  private List<Object> emptyRuns() {
    return Collections.nCopies(trace.runs(), null);
  }
}
