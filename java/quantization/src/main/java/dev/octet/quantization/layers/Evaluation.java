// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphConstants;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Input;
import dev.octet.quantization.layers.Term.Item;
import dev.octet.quantization.layers.Term.Own;
import dev.octet.quantization.layers.Term.Unknown;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a recorded method on terms instead of values, and so finds out what it computes.
 *
 * <p>Scripted layers are programs: they check their arguments, ask for their mode and their
 * options, and so choose among operators. With the mode and the rank of the input assumed, one path
 * is left. Checks that can only fail are left out, since the layer that takes its place checks as
 * well.
 */
final class Evaluation {

  private static final int LONGEST_LOOP = 100;
  private static final int MOST_STEPS = 10_000;
  private static final String TRAINING = "training";

  private final RecordedLayer layer;
  private final GraphMethod method;
  private final Assumptions assumptions;
  private final Terms terms;
  private final Operators operators;
  private final Map<GraphValue, Object> values = new IdentityHashMap<>();
  private final List<Apply> effects = new ArrayList<>();
  private int steps;
  private int uncertain;

  private Evaluation(
      RecordedLayer layer, GraphMethod method, Assumptions assumptions, Terms terms) {
    this.layer = layer;
    this.method = method;
    this.assumptions = assumptions;
    this.terms = terms;
    this.operators = new Operators(layer, assumptions, terms);
  }

  /**
   * Find out what a method computes.
   *
   * @throws Unrecognized if that cannot be told
   */
  static Meaning of(RecordedLayer layer, GraphMethod method, Assumptions assumptions, Terms terms) {
    return new Evaluation(layer, method, assumptions, terms).run();
  }

  private Meaning run() {
    Object output;
    try {
      nodes(method.nodes());
      output = value(method.output());
    } catch (Raised e) {
      throw new Unrecognized("always fails: " + e.getMessage());
    }
    return new Meaning(output, List.copyOf(effects));
  }

  private void nodes(List<GraphNode> nodes) {
    for (GraphNode node : nodes) {
      if (++steps > MOST_STEPS) {
        throw new Unrecognized("is a program of more than " + MOST_STEPS + " steps");
      }
      values.put(node.result(), node(node));
    }
  }

  private Object node(GraphNode node) {
    return switch (node.kind()) {
      case INPUT -> input(node.target());
      case GET_ATTRIBUTE -> attribute(node.target());
      case SET_ATTRIBUTE -> effect(Meaning.SET, with(node.target(), values(node.arguments())));
      case GET_ITEM -> item(value(node.arguments().get(0)), Integer.parseInt(node.target()));
      case LIST -> new ArrayList<>(values(node.arguments()));
      case DICT, IS_INSTANCE -> new Unknown("a value that depends on the call");
      case CALL_MODULE, CALL_METHOD ->
          effect(Meaning.CALL, with(node.target(), values(node.arguments())));
      case CALL_FUNCTION -> function(node);
      case IF -> branch(node);
      case LOOP -> loop(node);
      case RAISE -> throw new Raised(String.valueOf(value(node.arguments().get(0))));
    };
  }

  private static List<Object> with(String target, List<Object> values) {
    List<Object> all = new ArrayList<>();
    all.add(target);
    all.addAll(values);
    return all;
  }

  private Object value(Object argument) {
    if (argument instanceof GraphValue value) {
      return values.get(value);
    }
    return argument instanceof List<?> items ? values(items) : argument;
  }

  private List<Object> values(List<?> arguments) {
    List<Object> all = new ArrayList<>();
    arguments.forEach(argument -> all.add(value(argument)));
    return Collections.unmodifiableList(all);
  }

  private Object input(String name) {
    int index = method.inputNames().indexOf(name);
    if (index < assumptions.inputs()) {
      return new Input(index);
    }
    GraphInput input = method.inputs().get(index);
    if (!input.optional()) {
      throw new Unrecognized("takes more than " + assumptions.inputs() + " arguments");
    }
    return input.defaultValue();
  }

  private Object attribute(String name) {
    if (name.equals(TRAINING)) {
      return assumptions.training();
    }
    if (layer.tensors().containsKey(name)) {
      return new Own(name);
    }
    if (layer.constants().containsKey(name)) {
      return layer.constants().get(name);
    }
    throw new Unrecognized("reads '" + name + "', which is not its own");
  }

  private static Object item(Object of, int index) {
    if (of instanceof List<?> items && index < items.size()) {
      return items.get(index);
    }
    if (of instanceof Term term) {
      return of instanceof Unknown ? of : new Item(term, index);
    }
    throw new Unrecognized("takes item " + index + " of " + of);
  }

  private Apply effect(String operator, List<Object> arguments) {
    Apply apply = terms.apply(operator, arguments, effects.size());
    effects.add(apply);
    return apply;
  }

  private Object function(GraphNode node) {
    String target = node.target();
    List<Object> arguments = new ArrayList<>(values(node.arguments()));
    Operators.Result known = operators.evaluate(target, arguments, uncertain > 0);
    if (known != null) {
      return known.value();
    }
    String name = Operators.withoutOverload(target);
    // Not all schemas say that they write.
    boolean writes = name.endsWith("_") && !name.endsWith("__");
    return writes || GraphConstants.hasEffect(target)
        ? effect(name, arguments)
        : terms.apply(name, arguments);
  }

  private Object branch(GraphNode node) {
    Object condition = value(node.arguments().get(0));
    GraphBlock yes = node.blocks().get(0);
    GraphBlock no = node.blocks().get(1);
    if (condition instanceof Boolean known) {
      return result(block(known ? yes : no), 0);
    }
    int before = effects.size();
    List<Object> ifYes = attempt(yes);
    int between = effects.size();
    List<Object> ifNo = attempt(no);
    if (ifYes == null && ifNo == null) {
      throw new Raised("whatever its arguments are");
    }
    if (ifYes == null || ifNo == null) {
      return result(ifYes == null ? ifNo : ifYes, 0);
    }
    if (effects.size() > before) {
      Apply first = effects.get(before);
      throw new Unrecognized(
          "does different things for different arguments, such as "
              + (between > before ? "" : "not ")
              + first);
    }
    return result(either(ifYes, ifNo), 0);
  }

  /** Run a block that may not run; null if it always fails. */
  private List<Object> attempt(GraphBlock block) {
    int before = effects.size();
    uncertain++;
    try {
      return block(block);
    } catch (Raised e) {
      effects.subList(before, effects.size()).clear();
      return null;
    } finally {
      uncertain--;
    }
  }

  private static List<Object> either(List<Object> ifYes, List<Object> ifNo) {
    List<Object> either = new ArrayList<>();
    for (int i = 0; i < ifYes.size(); i++) {
      Object value = ifYes.get(i);
      boolean same = value == null ? ifNo.get(i) == null : value.equals(ifNo.get(i));
      either.add(same ? value : new Unknown("one of two values, depending on the call"));
    }
    return either;
  }

  private List<Object> block(GraphBlock block) {
    nodes(block.nodes());
    return values(block.outputs());
  }

  private Object loop(GraphNode node) {
    List<Object> arguments = values(node.arguments());
    GraphBlock body = node.blocks().get(0);
    List<Object> state = new ArrayList<>(arguments.subList(1, arguments.size()));
    boolean known = arguments.get(0) instanceof Long;
    for (long round = 0; known; round++) {
      if (round >= (Long) arguments.get(0) || Boolean.FALSE.equals(state.get(0))) {
        return result(state, 1);
      }
      known = state.get(0) instanceof Boolean;
      if (known) {
        if (round == LONGEST_LOOP) {
          throw new Unrecognized("has a loop of more than " + LONGEST_LOOP + " rounds");
        }
        enter(body, round, state);
        state = block(body);
      }
    }
    return unknownLoop(body, state);
  }

  private void enter(GraphBlock body, Object round, List<Object> state) {
    values.put(body.parameters().get(0), round);
    for (int i = 1; i < body.parameters().size(); i++) {
      values.put(body.parameters().get(i), state.get(i));
    }
  }

  /** A loop of which the number of rounds is not known. */
  private Object unknownLoop(GraphBlock body, List<Object> state) {
    Unknown unknown = new Unknown("the result of a loop");
    List<Object> any = new ArrayList<>(Collections.nCopies(state.size(), unknown));
    enter(body, unknown, any);
    int before = effects.size();
    attempt(body);
    if (effects.size() > before) {
      throw new Unrecognized("does " + effects.get(before) + " in a loop");
    }
    return result(any, 1);
  }

  /** Nothing, one value, or a tuple. */
  private static Object result(List<Object> outputs, int from) {
    return switch (outputs.size() - from) {
      case 0 -> null;
      case 1 -> outputs.get(from);
      default -> outputs.subList(from, outputs.size());
    };
  }

  /** The program fails at this place. */
  private static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Raised(String message) {
      super(message, null, false, false);
    }
  }
}
