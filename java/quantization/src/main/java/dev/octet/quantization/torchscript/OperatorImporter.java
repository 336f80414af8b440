// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphConstants;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.TypeVector;
import org.bytedeco.pytorch.Value;

/** Writes calls of operators, and the making and taking apart of tuples, lists and dicts. */
final class OperatorImporter {

  private final GraphWriter writer;

  OperatorImporter(GraphWriter writer) {
    this.writer = writer;
  }

  /** A call of an operator that libtorch knows. */
  void call(JitNode node, Frame frame) {
    FunctionSchema schema = node.maybeSchema();
    if (schema == null || schema.isNull()) {
      throw new UnsupportedOperationException(unsupported(Jit.kind(node)));
    }
    List<Value> in = Jit.inputs(node);
    List<Value> out = Jit.outputs(node);
    String target = name(schema);
    List<Object> arguments = new ArrayList<>();
    for (int i = 0; i < in.size(); i++) {
      Object meaning = frame.get(in.get(i));
      Argument argument = Jit.argument(schema, i);
      boolean known = argument != null && ListUses.isKnownList(argument.type().get());
      arguments.add(known && meaning instanceof FoldedList list ? nested(list) : whole(meaning));
    }
    if (out.size() == 1 && arguments.stream().allMatch(Frame::isConstant)) {
      GraphConstants.Result folded = GraphConstants.evaluate(target, arguments);
      if (folded != null) {
        frame.put(out.get(0), folded.value());
        return;
      }
    }
    String kind = Jit.kind(node);
    String base = kind.substring(kind.lastIndexOf(':') + 1);
    GraphValue result =
        writer.add(
            out.size() == 1 ? Jit.name(out.get(0)) : base,
            base,
            GraphNode.Kind.CALL_FUNCTION,
            target,
            arguments);
    if (out.size() == 1) {
      frame.put(out.get(0), result);
    } else {
      unpack(result, out, frame);
    }
  }

  private static String unsupported(String kind) {
    String reason =
        switch (kind) {
          case "prim::fork", "aten::wait" -> "work is forked";
          case "prim::PythonOp" -> "a Python function is called";
          default -> "libtorch knows no such operator in this version";
        };
    return reason + "; this cannot be imported. Export a model without it, or trace the model";
  }

  private static String name(FunctionSchema schema) {
    try (BytePointer name = schema.name();
        BytePointer overload = schema.overload_name()) {
      String suffix = overload == null ? "" : overload.getString();
      return name.getString() + (suffix.isEmpty() ? "" : "." + suffix);
    }
  }

  /** A list: part of its users' arguments if they only read it, else a node. */
  Object list(Value list, List<Value> in, Frame frame) {
    List<Object> items = new ArrayList<>();
    in.forEach(value -> items.add(whole(frame.get(value))));
    String type = Jit.annotation(Jit.type(list));
    if (ListUses.areReads(list)) {
      return new FoldedList(Collections.unmodifiableList(items), type);
    }
    return writer.add(Jit.name(list), "list", GraphNode.Kind.LIST, type, items);
  }

  GraphValue dict(Value dict, List<Value> in, Frame frame) {
    List<Object> items = new ArrayList<>();
    in.forEach(value -> items.add(whole(frame.get(value))));
    return writer.add(
        Jit.name(dict), "dict", GraphNode.Kind.DICT, Jit.annotation(Jit.type(dict)), items);
  }

  /** A value that can stand anywhere: folded lists get a node. */
  Object whole(Object meaning) {
    if (meaning instanceof FoldedList list) {
      return writer.add("list", "list", GraphNode.Kind.LIST, list.type(), nested(list));
    }
    if (meaning instanceof LocalObject || meaning instanceof ObjectRef) {
      throw new UnsupportedOperationException(
          "a module or an object of a TorchScript class is passed on or returned; only calls of"
              + " their methods and uses of their attributes can be imported");
    }
    if (meaning instanceof List<?> items) {
      List<Object> whole = new ArrayList<>();
      items.forEach(item -> whole.add(whole(item)));
      return Collections.unmodifiableList(whole);
    }
    return meaning;
  }

  /** The items of a folded list, as part of a node's arguments. */
  private static List<Object> nested(FoldedList list) {
    List<Object> items = new ArrayList<>();
    for (Object item : list.items()) {
      items.add(item instanceof FoldedList inner ? nested(inner) : item);
    }
    return Collections.unmodifiableList(items);
  }

  /** Give the items of a tuple or list to the values. */
  void unpack(Object meaning, List<Value> out, Frame frame) {
    for (int i = 0; i < out.size(); i++) {
      frame.put(out.get(i), item(meaning, i, out.get(i)));
    }
  }

  private Object item(Object meaning, int index, Value out) {
    if (meaning instanceof List<?> items) {
      return items.get(index);
    }
    if (meaning instanceof FoldedList list) {
      return list.items().get(index);
    }
    GraphValue from = (GraphValue) meaning;
    return writer.add(
        Jit.name(out),
        from.name() + "_" + index,
        GraphNode.Kind.GET_ITEM,
        Integer.toString(index),
        List.of(from));
  }

  Object index(Object meaning, long index, Value tuple, Value out) {
    long size = Jit.type(tuple).containedTypeSize();
    return item(meaning, (int) (index < 0 ? index + size : index), out);
  }

  Object slice(JitNode node, Value tuple, Frame frame) {
    List<Object> items = new ArrayList<>();
    for (long i = Jit.intAttribute(node, "beg"); i < Jit.intAttribute(node, "end"); i++) {
      items.add(item(frame.get(tuple), (int) i, tuple));
    }
    return Collections.unmodifiableList(items);
  }

  GraphValue isInstance(JitNode node, Frame frame) {
    List<String> names = new ArrayList<>();
    try (Symbol symbol = Symbol.attr("types")) {
      TypeVector types = node.tys(symbol);
      for (long i = 0; i < types.size(); i++) {
        Type type = types.get(i).get();
        names.add(Jit.annotation(type));
      }
    }
    return writer.add(
        Jit.name(node.output()),
        "isinstance",
        GraphNode.Kind.IS_INSTANCE,
        String.join("|", names),
        Collections.singletonList(whole(frame.get(Jit.inputs(node).get(0)))));
  }
}
