// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.ClassType;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.FunctionType;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.GraphFunction;
import org.bytedeco.pytorch.IValueOptional;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Method;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.TypeKind;

/**
 * Writes the graph of one method. Methods of the same module and functions that it calls become
 * part of it; calls of submodules stay calls.
 */
final class MethodImporter {

  /** TorchScript has no recursion, so that only a hostile file nests deeper. */
  private static final int DEEPEST = 100;

  private final ObjectImporter objects;
  private final ScriptObject owner;
  private final GraphWriter writer = new GraphWriter();
  private final AttributeImporter attributes;
  private final OperatorImporter operators;
  private int depth;

  private MethodImporter(ObjectImporter objects, ScriptObject owner) {
    this.objects = objects;
    this.owner = owner;
    this.attributes = new AttributeImporter(owner, writer);
    this.operators = new OperatorImporter(writer);
  }

  static GraphMethod of(ObjectImporter objects, ScriptObject owner, String name) {
    return new MethodImporter(objects, owner).run(name);
  }

  private GraphMethod run(String name) {
    try (Method method = owner.module.get_method(name);
        Graph graph = method.graph()) {
      FunctionSchema schema = method.function().getSchema();
      Frame frame = new Frame(new NodeNames(graph));
      List<Value> values = Jit.inputs(graph.block());
      frame.put(values.get(0), new ObjectRef(owner, ""));
      List<GraphInput> inputs = new ArrayList<>();
      for (int i = 1; i < values.size(); i++) {
        GraphInput input = input(schema.arguments().getPointer(Argument.class, i));
        inputs.add(input);
        frame.put(values.get(i), writer.input(input.name()));
      }
      Object output = body(graph.block(), frame).get(0);
      return GraphCleanup.clean(new GraphMethod(inputs, writer.finish(), output));
    }
  }

  private static GraphInput input(Argument argument) {
    String name;
    try (BytePointer text = argument.name()) {
      name = text.getString();
    }
    Type type = argument.type().get();
    String annotation = Jit.annotation(type);
    boolean optional = argument.default_value().has_value();
    Object value = null;
    if (optional) {
      value = plain(Constants.of(argument.default_value().get(), type));
    }
    return new GraphInput(
        name, annotation.contains("__torch__") ? null : annotation, optional, value);
  }

  /** Translate the nodes of a block and return what it hands back. */
  private List<Object> body(Block block, Frame frame) {
    String around = writer.source;
    for (JitNode node : Jit.nodes(block)) {
      try {
        String place = Jit.source(node);
        // Some nodes have no place of their own; that of the node before is near enough.
        writer.source = place == null ? writer.source : place;
        translate(node, frame);
      } catch (TorchScriptImportException e) {
        throw e;
      } catch (RuntimeException e) {
        throw new TorchScriptImportException(
            owner.path, describe(node), writer.source, e.getMessage(), e);
      }
    }
    writer.source = around;
    List<Object> outputs = new ArrayList<>();
    for (Value value : Jit.outputs(block)) {
      outputs.add(operators.whole(frame.get(value)));
    }
    return outputs;
  }

  private static String describe(JitNode node) {
    List<String> names = Jit.outputs(node).stream().map(Jit::name).toList();
    return Jit.kind(node) + (names.isEmpty() ? "" : " that makes " + String.join(", ", names));
  }

  private void translate(JitNode node, Frame frame) {
    List<Value> in = Jit.inputs(node);
    List<Value> out = Jit.outputs(node);
    String kind = Jit.kind(node);
    switch (kind) {
      case "prim::Constant" -> frame.put(out.get(0), constant(out.get(0)));
      case "prim::Uninitialized" -> frame.put(out.get(0), null);
      case "prim::GetAttr" ->
          frame.put(
              out.get(0),
              attributes.get(frame.get(in.get(0)), frame.names.of(node), node, out.get(0)));
      case "prim::SetAttr" ->
          attributes.set(
              frame.get(in.get(0)), frame.names.of(node), operators.whole(frame.get(in.get(1))));
      case "prim::CreateObject" ->
          frame.put(
              out.get(0), new LocalObject(new ClassType(Jit.type(out.get(0))), writer.depth()));
      case "prim::Enter" -> frame.put(out.get(0), callLocal(frame.get(in.get(0)), "__enter__"));
      case "prim::Exit" -> callLocal(frame.get(in.get(0)), "__exit__", null, null, null);
      case "prim::CallMethod" -> frame.put(out.get(0), callMethod(node, in, frame));
      case "prim::CallFunction" -> frame.put(out.get(0), callFunction(in, frame));
      case "prim::TupleConstruct" ->
          frame.put(
              out.get(0),
              Collections.unmodifiableList(
                  new ArrayList<>(in.stream().map(v -> inTuple(frame.get(v))).toList())));
      case "prim::ListConstruct" -> frame.put(out.get(0), operators.list(out.get(0), in, frame));
      case "prim::DictConstruct" -> frame.put(out.get(0), operators.dict(out.get(0), in, frame));
      case "prim::TupleUnpack", "prim::ListUnpack" ->
          operators.unpack(frame.get(in.get(0)), out, frame);
      case "prim::TupleIndex" ->
          frame.put(
              out.get(0),
              operators.index(
                  frame.get(in.get(0)), (Long) frame.get(in.get(1)), in.get(0), out.get(0)));
      case "prim::TupleSlice" -> frame.put(out.get(0), operators.slice(node, in.get(0), frame));
      case "prim::unchecked_cast" -> frame.put(out.get(0), frame.get(in.get(0)));
      case "prim::isinstance" -> frame.put(out.get(0), operators.isInstance(node, frame));
      case "prim::RaiseException" -> raise(in, frame);
      case "prim::If" -> branch(node, in, out, frame);
      case "prim::Loop" -> loop(node, in, out, frame);
      default -> operators.call(node, frame);
    }
  }

  /** Tuples may hold lists, which exist for themselves then. */
  private Object inTuple(Object meaning) {
    return isSymbolic(meaning) ? meaning : operators.whole(meaning);
  }

  /** Whether a value is there only while the program is imported. */
  private static boolean isSymbolic(Object meaning) {
    return meaning instanceof ObjectRef
        || meaning instanceof FunctionRef
        || meaning instanceof LocalObject;
  }

  private Object constant(Value value) {
    if (Jit.typeKind(value) == TypeKind.FunctionType) {
      FunctionType type = new FunctionType(Jit.type(value));
      return new FunctionRef(new GraphFunction(type.function()));
    }
    try (IValueOptional constant = torch.toIValue(value)) {
      Object meaning = Constants.of(constant.get(), Jit.type(value));
      return meaning instanceof Tensor tensor
          ? attributes.constant(tensor, Jit.name(value))
          : meaning;
    }
  }

  private Object callFunction(List<Value> in, Frame frame) {
    if (!(frame.get(in.get(0)) instanceof FunctionRef callee)) {
      throw new UnsupportedOperationException("a function that is not known here is called");
    }
    try (Graph graph = callee.function().graph()) {
      List<Object> arguments = new ArrayList<>();
      in.subList(1, in.size()).forEach(value -> arguments.add(frame.get(value)));
      return inline(graph, arguments);
    }
  }

  private Object inline(Graph graph, List<Object> arguments) {
    if (++depth > DEEPEST) {
      throw new UnsupportedOperationException(
          "calls are nested more than " + DEEPEST + " deep; the program seems to be recursive");
    }
    Frame frame = new Frame(new NodeNames(graph));
    List<Value> parameters = Jit.inputs(graph.block());
    for (int i = 0; i < parameters.size(); i++) {
      frame.put(parameters.get(i), arguments.get(i));
    }
    Object result = body(graph.block(), frame).get(0);
    depth--;
    return result;
  }

  private Object callMethod(JitNode node, List<Value> in, Frame frame) {
    String name = frame.names.of(node);
    if (frame.get(in.get(0)) instanceof LocalObject local) {
      Object[] arguments = in.subList(1, in.size()).stream().map(frame::get).toArray();
      return callLocal(local, name, arguments);
    }
    if (!(frame.get(in.get(0)) instanceof ObjectRef receiver)) {
      throw new UnsupportedOperationException(
          "method '"
              + name
              + "' of a "
              + Jit.annotation(Jit.type(in.get(0)))
              + " is called; only methods of modules can be imported");
    }
    ScriptObject object = receiver.object();
    ObjectImporter.Call call =
        receiver.path().isEmpty() ? ObjectImporter.Call.INLINE : objects.call(object, name);
    if (call == ObjectImporter.Call.INLINE) {
      List<Object> arguments = new ArrayList<>();
      in.forEach(value -> arguments.add(frame.get(value)));
      try (Method method = object.module.get_method(name);
          Graph graph = method.graph()) {
        return inline(graph, arguments);
      }
    }
    List<Object> arguments = new ArrayList<>();
    in.subList(1, in.size()).forEach(value -> arguments.add(operators.whole(frame.get(value))));
    String path = receiver.path();
    String result = Jit.name(node.output());
    String fallback = path.substring(path.lastIndexOf('.') + 1);
    fallback = Character.isDigit(fallback.charAt(0)) ? path.replace('.', '_') : fallback;
    return call == ObjectImporter.Call.MODULE
        ? writer.add(result, fallback, GraphNode.Kind.CALL_MODULE, path, arguments)
        : writer.add(result, fallback, GraphNode.Kind.CALL_METHOD, path + "." + name, arguments);
  }

  private Object callLocal(Object receiver, String name, Object... arguments) {
    if (!(receiver instanceof LocalObject local)) {
      throw new UnsupportedOperationException(
          "method '" + name + "' of an object that is not known here is called");
    }
    Function function = local.type.findMethod(name);
    if (function == null || function.isNull()) {
      throw new UnsupportedOperationException("the object has no method '" + name + "'");
    }
    try (Graph graph = new GraphFunction(function).graph()) {
      List<Object> all = new ArrayList<>();
      all.add(local);
      all.addAll(Arrays.asList(arguments));
      return inline(graph, all);
    }
  }

  private void raise(List<Value> in, Frame frame) {
    Object message = operators.whole(frame.get(in.get(0)));
    Object type = in.size() > 1 ? operators.whole(frame.get(in.get(1))) : null;
    writer.add(
        "raise",
        "raise",
        GraphNode.Kind.RAISE,
        "",
        List.of(message, type == null ? "builtins.RuntimeError" : type));
  }

  private void branch(JitNode node, List<Value> in, List<Value> out, Frame frame) {
    Object condition = frame.get(in.get(0));
    List<Block> blocks = Jit.blocks(node);
    if (condition instanceof Boolean known) {
      List<Object> results = body(blocks.get(known ? 0 : 1), frame);
      for (int i = 0; i < out.size(); i++) {
        frame.put(out.get(i), results.get(i));
      }
      return;
    }
    List<GraphBlock> translated = new ArrayList<>();
    for (Block block : blocks) {
      writer.begin();
      List<Object> outputs = values(body(block, frame));
      translated.add(new GraphBlock(List.of(), writer.end(), outputs));
    }
    control("branch", GraphNode.Kind.IF, List.of(condition), translated, out, frame);
  }

  private void loop(JitNode node, List<Value> in, List<Value> out, Frame frame) {
    List<Object> arguments = new ArrayList<>();
    in.forEach(value -> arguments.add(operators.whole(frame.get(value))));
    Block block = Jit.blocks(node).get(0);
    List<GraphValue> parameters = new ArrayList<>();
    for (Value value : Jit.inputs(block)) {
      GraphValue parameter = writer.value(Jit.name(value), "carried");
      parameters.add(parameter);
      frame.put(value, parameter);
    }
    writer.begin();
    List<Object> outputs = values(body(block, frame));
    GraphBlock body = new GraphBlock(parameters, writer.end(), outputs);
    control("loop", GraphNode.Kind.LOOP, values(arguments), List.of(body), out, frame);
  }

  private static List<Object> values(List<Object> meanings) {
    for (Object meaning : meanings) {
      if (isSymbolic(meaning)) {
        throw new UnsupportedOperationException(
            "control flow chooses between modules, functions or objects; only their results can be chosen");
      }
    }
    return meanings;
  }

  private void control(
      String name,
      GraphNode.Kind kind,
      List<Object> arguments,
      List<GraphBlock> blocks,
      List<Value> out,
      Frame frame) {
    GraphValue result = writer.value(out.size() == 1 ? Jit.name(out.get(0)) : name, name);
    writer.add(new GraphNode(result, kind, "", arguments, blocks, writer.source));
    if (out.size() == 1) {
      frame.put(out.get(0), result);
    } else {
      operators.unpack(result, out, frame);
    }
  }

  /** A default value in the form of a constant. */
  private static Object plain(Object meaning) {
    return meaning instanceof FoldedList list
        ? list.items().stream().map(MethodImporter::plain).toList()
        : meaning;
  }
}
