// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import dev.octet.quantization.tree.NearestNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.AliasInfo;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Operation;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.OperatorHandleOptional;
import org.bytedeco.pytorch.OperatorName;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.TypeKind;

/**
 * An operator that libtorch knows, looked up once in the process.
 *
 * <p>Found in the dispatcher or, for the operators on plain numbers and lists that only TorchScript
 * has, in its registry.
 */
final class Operator {

  private static final Map<String, Operator> KNOWN = new ConcurrentHashMap<>();
  private static final int SUGGESTIONS = 5;

  private final String name;
  private final List<Parameter> parameters;
  private final List<TypeKind> returns;
  private final List<Boolean> writes;
  private final List<Boolean> aliases;
  private final boolean vararg;
  private final Consumer<IValueVector> call;

  private Operator(String name, FunctionSchema schema, Consumer<IValueVector> call) {
    this.name = name;
    this.call = call;
    this.parameters = parameters(schema);
    this.returns = returns(schema);
    this.writes = writes(schema);
    this.aliases = aliases(schema);
    this.vararg = schema.is_vararg();
  }

  /** The operator of a qualified name with overload, such as {@code aten::add.Tensor}. */
  static Operator of(String qualified) {
    Operator known = KNOWN.get(qualified);
    if (known == null) {
      known = find(qualified);
      KNOWN.put(qualified, known);
    }
    return known;
  }

  String name() {
    return name;
  }

  List<Parameter> parameters() {
    return parameters;
  }

  /** The kinds of the results. */
  List<TypeKind> returns() {
    return returns;
  }

  /** Whether an argument is changed in place. */
  boolean writes(int parameter) {
    return parameter < writes.size() && writes.get(parameter);
  }

  /** Whether the schema says that a result may be, or share memory with, an argument. */
  boolean aliases(int parameter) {
    return parameter < aliases.size() && aliases.get(parameter);
  }

  /** Whether it takes any number of arguments, whose number lies on top of them. */
  boolean isVararg() {
    return vararg;
  }

  /** Take the arguments off the stack and put the results on it. */
  void call(IValueVector stack) {
    call.accept(stack);
  }

  private static Operator find(String qualified) {
    int dot = qualified.indexOf('.');
    String base = dot < 0 ? qualified : qualified.substring(0, dot);
    String overload = dot < 0 ? "" : qualified.substring(dot + 1);
    OperatorName name = new OperatorName(base, overload);
    OperatorHandleOptional found = Dispatcher.singleton().findSchema(name);
    if (found.has_value()) {
      OperatorHandle handle = Dispatcher.singleton().findSchemaOrThrow(base, overload);
      handle.retainReference();
      return new Operator(qualified, handle.schema(), handle::callBoxed);
    }
    org.bytedeco.pytorch.Operator scripted = torch.findOperatorFor(name);
    if (scripted != null && !scripted.isNull() && scripted.hasOperation()) {
      scripted.retainReference();
      Operation operation = scripted.getOperation();
      operation.retainReference();
      return new Operator(qualified, scripted.schema(), operation::apply);
    }
    throw unknown(qualified, base);
  }

  private static IllegalArgumentException unknown(String qualified, String base) {
    TreeSet<String> names = allNames();
    List<String> overloads =
        names.stream().filter(n -> n.equals(base) || n.startsWith(base + ".")).toList();
    return new IllegalArgumentException(
        overloads.isEmpty()
            ? "unknown operator '"
                + qualified
                + "'; expected a qualified name such as aten::add.Tensor. Nearest are "
                + NearestNames.of(qualified, names, SUGGESTIONS)
            : "operator '"
                + base
                + "' has no overload '"
                + qualified.substring(Math.min(qualified.length(), base.length() + 1))
                + "'; it has "
                + overloads);
  }

  private static TreeSet<String> allNames() {
    TreeSet<String> names = new TreeSet<>();
    try (OperatorName all = Dispatcher.singleton().getAllOpNames()) {
      for (long i = 0; i < all.limit(); i++) {
        OperatorName each = all.getPointer(OperatorName.class, i);
        String overload = string(each.overload_name());
        names.add(string(each.name()) + (overload.isEmpty() ? "" : "." + overload));
      }
    }
    return names;
  }

  private static List<Parameter> parameters(FunctionSchema schema) {
    List<Parameter> parameters = new ArrayList<>();
    Argument arguments = schema.arguments();
    for (long i = 0; i < count(arguments); i++) {
      Argument argument = arguments.getPointer(Argument.class, i);
      Integer length = argument.N().has_value() ? (Integer) argument.N().get() : null;
      Object defaultValue = null;
      boolean hasDefault = argument.default_value().has_value();
      if (hasDefault) {
        defaultValue = IValues.toJava(argument.default_value().get());
      }
      parameters.add(
          new Parameter(
              string(argument.name()),
              retained(argument.type()),
              length,
              hasDefault,
              defaultValue));
    }
    return List.copyOf(parameters);
  }

  private static List<Boolean> writes(FunctionSchema schema) {
    List<Boolean> writes = new ArrayList<>();
    Argument arguments = schema.arguments();
    for (long i = 0; i < count(arguments); i++) {
      AliasInfo alias = aliasInfo(arguments, i);
      writes.add(alias != null && alias.isWrite());
    }
    return List.copyOf(writes);
  }

  private static List<Boolean> aliases(FunctionSchema schema) {
    boolean anyResult = false;
    Argument returns = schema.returns();
    for (long i = 0; i < count(returns); i++) {
      anyResult |= aliasInfo(returns, i) != null;
    }
    List<Boolean> aliases = new ArrayList<>();
    Argument arguments = schema.arguments();
    for (long i = 0; i < count(arguments); i++) {
      aliases.add(anyResult && aliasInfo(arguments, i) != null);
    }
    return List.copyOf(aliases);
  }

  private static AliasInfo aliasInfo(Argument arguments, long index) {
    AliasInfo alias = arguments.getPointer(Argument.class, index).alias_info();
    return alias == null || alias.isNull() ? null : alias;
  }

  private static TypePtr retained(TypePtr type) {
    TypePtr own = new TypePtr(type);
    own.retainReference();
    return own;
  }

  private static List<TypeKind> returns(FunctionSchema schema) {
    List<TypeKind> kinds = new ArrayList<>();
    Argument returns = schema.returns();
    for (long i = 0; i < count(returns); i++) {
      kinds.add(returns.getPointer(Argument.class, i).type().get().kind().intern());
    }
    return List.copyOf(kinds);
  }

  /** The presets give null for an empty list. */
  private static long count(Argument arguments) {
    return arguments == null || arguments.isNull() ? 0 : arguments.limit();
  }

  private static String string(BytePointer pointer) {
    return pointer == null || pointer.isNull() ? "" : pointer.getString();
  }

  /**
   * A parameter of an operator.
   *
   * @param name its name
   * @param type its type
   * @param length the length of a list that one number can stand for, or null
   * @param hasDefault whether it may be left out
   * @param defaultValue what it is then
   */
  record Parameter(
      String name, TypePtr type, Integer length, boolean hasDefault, Object defaultValue) {

    String typeName() {
      return string(type.get().str());
    }
  }
}
