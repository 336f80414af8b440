// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import dev.octet.runtime.op.BinaryFunction;
import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.op.OperationKinds;
import dev.octet.runtime.op.UnaryFunction;
import dev.octet.runtime.type.Attributes;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Builds a program, an operation after the other, and checks each when it is added.
 *
 * <pre>{@code
 * ProgramBuilder b = Program.builder();
 * Value x = b.input("x", ElementType.F32, Shape.of("batch", 64));
 * Value w = b.constant("fc.weight", ElementType.S8, Shape.of(10, 64), weightGrid, codes);
 * Value q = b.quantize(x).as("q", ElementType.U8, xGrid);
 * Value y = b.linear(q, w).set("activation", "relu").as("y");
 * Program program = b.output(y).build();
 * }</pre>
 *
 * <p>All methods throw {@link InvalidProgramException} for what does not fit, and leave the builder
 * as it was. Not safe for use by several threads.
 */
public final class ProgramBuilder {
  private final List<Value> inputs = new ArrayList<>();
  private final Map<String, Constant> constants = new LinkedHashMap<>();
  private final List<Operation> operations = new ArrayList<>();
  private final Map<String, String> outputs = new LinkedHashMap<>();
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  ProgramBuilder() {}

  /** Adds an input of plain numbers. */
  public Value input(String name, ElementType type, Shape shape) {
    return input(name, type, shape, null);
  }

  /**
   * Adds an input.
   *
   * @param shape numbers and symbols; the same symbol is the same size in every input
   * @param grid the grid of codes, null for plain numbers
   */
  public Value input(String name, ElementType type, Shape shape, Grid grid) {
    for (Dimension size : shape.dimensions()) {
      if (!size.isFixed() && !size.isSymbol()) {
        throw new InvalidProgramException(
            "input '" + name + "' has the size " + size + "; expected a number or a symbol");
      }
    }
    Value value = new Value(name, type, shape, grid);
    checkNew(value);
    inputs.add(value);
    values.put(name, value);
    return value;
  }

  private void checkNew(Value value) {
    if (values.containsKey(value.name())) {
      throw new InvalidProgramException(
          "value '" + value.name() + "' is there already: " + values.get(value.name()));
    }
  }

  /**
   * Adds a constant.
   *
   * @param grid the grid of codes, null for plain numbers
   * @param data its elements, row-major and little-endian, from position to limit; not copied and
   *     not to be changed any more
   */
  public Value constant(String name, ElementType type, Shape shape, Grid grid, ByteBuffer data) {
    Constant constant = new Constant(new Value(name, type, shape, grid), data);
    checkNew(constant.value());
    constants.put(name, constant);
    values.put(name, constant.value());
    return constant.value();
  }

  /** Adds a constant of real numbers; they are copied. */
  public Value constant(String name, Shape shape, float... data) {
    ByteBuffer bytes = little(data.length * Float.BYTES);
    bytes.asFloatBuffer().put(data);
    return constant(name, ElementType.F32, shape, null, bytes);
  }

  /** Adds a constant of codes; they are copied. */
  public Value constant(String name, ElementType type, Shape shape, Grid grid, byte... data) {
    ByteBuffer bytes = little(data.length);
    bytes.put(data).flip();
    return constant(name, type, shape, grid, bytes);
  }

  /** Adds a constant of indices; they are copied. */
  public Value indices(String name, Shape shape, long... data) {
    ByteBuffer bytes = little(data.length * Long.BYTES);
    bytes.asLongBuffer().put(data);
    return constant(name, ElementType.I64, shape, null, bytes);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Starts an operation of the newest version of a kind. */
  public OperationBuilder operation(String kind) {
    return new OperationBuilder(this, OperationKinds.latest(kind));
  }

  /** Starts an operation of a kind. */
  public OperationBuilder operation(String kind, int version) {
    return new OperationBuilder(this, OperationKinds.get(kind, version));
  }

  /** Starts a quantization of real numbers; end it by {@code as(name, type, grid)}. */
  public OperationBuilder quantize(Value x) {
    return operation("quantize").input("x", x);
  }

  /** Starts the way back from codes to real numbers. */
  public OperationBuilder dequantize(Value x) {
    return operation("dequantize").input("x", x);
  }

  /**
   * Starts a product with constant weights; inputs {@code bias} and {@code residual} and attributes
   * {@code activation} and {@code residual_place} may follow.
   *
   * @param x [..., K]: codes with one scale, or real numbers, with the attribute {@code
   *     dynamic_bits} or {@code x_scale}
   * @param weights codes [N, K]
   */
  public OperationBuilder linear(Value x, Value weights) {
    return operation("linear").input("x", x).input("weights", weights);
  }

  /**
   * Starts a convolution; inputs {@code bias} and {@code residual} and the attributes of strides,
   * padding, layouts and epilogue may follow.
   *
   * @param x [N, H, W, C]: codes with one scale, or real numbers, with the attribute {@code
   *     x_scale}
   * @param weights codes [Cout, Cin / groups, height, width]
   */
  public OperationBuilder conv2d(Value x, Value weights) {
    return operation("conv2d").input("x", x).input("weights", weights);
  }

  /**
   * Starts a product with constant weights in floats; inputs and attributes of the epilogue may
   * follow as with {@link #linear}.
   *
   * @param x [..., K]: real numbers, or codes with one scale
   * @param weights [N, K]: real numbers, or codes, which stay codes in memory
   */
  public OperationBuilder linearFloat(Value x, Value weights) {
    return operation("linear_float").input("x", x).input("weights", weights);
  }

  /**
   * Starts a product of two matrices, or of many, as {@code torch.matmul}; the attribute {@code
   * transpose_b} and inputs and attributes of the epilogue may follow.
   *
   * @param a [..., M, K]: real numbers, or codes with one scale
   * @param b [..., K, N], or [..., N, K] with {@code transpose_b}: likewise
   */
  public OperationBuilder matmul(Value a, Value b) {
    return operation("matmul").input("a", a).input("b", b);
  }

  /**
   * Starts a convolution in floats; what may follow is as with {@link #conv2d}.
   *
   * @param x [N, H, W, C]: real numbers, or codes with one scale
   * @param weights [Cout, Cin / groups, height, width]: real numbers, or codes
   */
  public OperationBuilder conv2dFloat(Value x, Value weights) {
    return operation("conv2d_float").input("x", x).input("weights", weights);
  }

  /** Starts a change of grid; end it by {@code as(name, type, grid)}. */
  public OperationBuilder requantize(Value x) {
    return operation("requantize").input("x", x);
  }

  /**
   * Starts a look-up of rows.
   *
   * @param indices s32 or i64 [...]
   * @param table constant [V, D]
   */
  public OperationBuilder embedding(Value indices, Value table) {
    return operation("embedding").input("indices", indices).input("table", table);
  }

  /** Starts a LayerNorm over the last dimension; inputs weight, bias and residual may follow. */
  public OperationBuilder layerNorm(Value x) {
    return operation("layer_norm").input("x", x);
  }

  /** Starts an RMSNorm over the last dimension; inputs weight, bias and residual may follow. */
  public OperationBuilder rmsNorm(Value x) {
    return operation("rms_norm").input("x", x);
  }

  /** Starts a softmax over the last dimension; inputs bias, mask and lengths may follow. */
  public OperationBuilder softmax(Value x) {
    return operation("softmax").input("x", x);
  }

  /** Starts a function of every element. */
  public OperationBuilder unary(UnaryFunction function, Value x) {
    return operation("unary").input("x", x).set("function", word(function));
  }

  /** Starts a function of two inputs that are broadcast. */
  public OperationBuilder binary(BinaryFunction function, Value a, Value b) {
    return operation("binary").input("a", a).input("b", b).set("function", word(function));
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Starts a change of shape without a copy.
   *
   * @param sizes 0: the size of x at the same place; -1, once: what is left
   */
  public OperationBuilder reshape(Value x, long... sizes) {
    return operation("reshape").input("x", x).set("sizes", sizes);
  }

  /**
   * Starts a transposition.
   *
   * @param order for each dimension of the output the one of x
   */
  public OperationBuilder transpose(Value x, long... order) {
    return operation("transpose").input("x", x).set("order", order);
  }

  /** Starts a concatenation along an axis. */
  public OperationBuilder concat(int axis, List<Value> inputs) {
    OperationBuilder operation = operation("concat").set("axis", axis);
    for (int i = 0; i < inputs.size(); i++) {
      operation.input("x" + i, inputs.get(i));
    }
    return operation;
  }

  /** Adds a finished operation. */
  void add(
      OperationKind kind,
      Map<String, Value> operands,
      Map<String, Value> results,
      Attributes attributes) {
    if (operations.size() == Program.MOST_OPERATIONS) {
      throw new InvalidProgramException(
          "the program has " + operations.size() + " operations, the most it may have");
    }
    Map<String, String> names = new LinkedHashMap<>();
    Set<String> constantRoles = new LinkedHashSet<>();
    for (Map.Entry<String, Value> operand : operands.entrySet()) {
      String role = operand.getKey();
      Value value = operand.getValue();
      // Values are compared field by field only if they are not the same object, as most are.
      Value known = values.get(value.name());
      if (value != known && !value.equals(known)) {
        throw new InvalidProgramException(
            "input '"
                + role
                + "' of an operation of kind '"
                + kind.name()
                + "' is '"
                + value
                + "', which is no value of this program");
      }
      names.put(role, value.name());
      if (constants.containsKey(value.name())) {
        constantRoles.add(role);
      }
    }
    Set<String> fresh = new LinkedHashSet<>();
    for (Value value : results.values()) {
      checkNew(value);
      if (!fresh.add(value.name())) {
        throw new InvalidProgramException(
            "two outputs of an operation are named '" + value.name() + "'");
      }
    }
    Map<String, Value> shaped = kind.check(operands, results, constantRoles, attributes).outputs();
    operations.add(new Operation(kind, names, shaped, attributes));
    for (Value value : shaped.values()) {
      values.put(value.name(), value);
    }
  }

  /** Returns the value of a name. */
  public Value value(String name) {
    Value value = values.get(name);
    if (value == null) {
      throw new InvalidProgramException("there is no value '" + name + "' in the program");
    }
    return value;
  }

  /** Makes a value an output under its own name. */
  public ProgramBuilder output(Value value) {
    return output(value.name(), value);
  }

  /** Makes a value an output. */
  public ProgramBuilder output(String name, Value value) {
    Value.checkName(name);
    Value known = value(value.name());
    if (value != known && !value.equals(known)) {
      throw new InvalidProgramException(
          "output '" + name + "' is '" + value + "', which is no value of this program");
    }
    if (outputs.putIfAbsent(name, value.name()) != null) {
      throw new InvalidProgramException("output '" + name + "' is there already");
    }
    return this;
  }

  /** Adds free text, such as the name of the model. */
  public ProgramBuilder metadata(String key, String text) {
    metadata.put(Objects.requireNonNull(key, "key"), Objects.requireNonNull(text, "text"));
    return this;
  }

  /** Returns the program, which must have an output. */
  public Program build() {
    if (outputs.isEmpty()) {
      throw new InvalidProgramException("the program has no output");
    }
    return new Program(inputs, constants, operations, outputs, values, metadata);
  }
}
