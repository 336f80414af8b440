// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Attributes;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * A kind of operation: its signature, its shapes and its call. Stateless and safe for use by
 * several threads.
 *
 * <p>The same checks run when an operation is added to a program, when a program is read from a
 * file (with symbols for sizes), and when memory is planned for a run (with numbers).
 */
public abstract class OperationKind {
  private final Signature signature;

  OperationKind(Signature signature) {
    this.signature = signature;
  }

  /** Returns the name by which programs call the kind. */
  public final String name() {
    return signature.name();
  }

  /** Returns the version of the kind's meaning. */
  public final int version() {
    return signature.version();
  }

  final Signature signature() {
    return signature;
  }

  /**
   * Checks an operation and finds the shapes of its outputs.
   *
   * @param inputs what stands in its roles
   * @param outputs name, type and grid of each wanted output; their shapes are not looked at
   * @param constants the input roles in which constants stand
   * @return the operation with the outputs' shapes
   * @throws InvalidProgramException if the operation is not one of this kind; the message says
   *     which, what, and what was expected
   */
  public final OperationView check(
      Map<String, Value> inputs,
      Map<String, Value> outputs,
      Set<String> constants,
      Attributes attributes) {
    OperationView declared = new OperationView(signature, inputs, outputs, constants, attributes);
    declared.checkSignature();
    Map<String, Shape> shapes;
    try {
      shapes = infer(declared);
    } catch (InvalidProgramException e) {
      if (e.getMessage().startsWith(declared.title())) {
        throw e;
      }
      throw new InvalidProgramException(declared.title() + ": " + e.getMessage());
    }
    Map<String, Value> shaped = new LinkedHashMap<>();
    for (Map.Entry<String, Value> output : outputs.entrySet()) {
      String role = output.getKey();
      shaped.put(role, output.getValue().withShape(shapes.get(role)));
    }
    return new OperationView(signature, inputs, shaped, constants, attributes);
  }

  /**
   * Checks what the signature can't say and finds the shapes of the outputs, by role; at least of
   * the wanted ones.
   */
  abstract Map<String, Shape> infer(OperationView operation);

  /**
   * Returns the output whose maker did not say type and grid: floats of the type of the first input
   * if that is floats; null if it can't be told.
   *
   * @param inputs what stands in the operation's roles
   * @param name the output's name
   */
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    Value first = inputs.isEmpty() ? null : inputs.values().iterator().next();
    return first == null || !first.type().isFloat() ? null : like(name, first.type(), null);
  }

  /** Returns an output of a type and a grid, its shape still unknown. */
  static Value like(String name, ElementType type, Grid grid) {
    return new Value(name, type, Shape.scalar(), grid);
  }

  /** Returns the input whose memory the output is, null if it has memory of its own. */
  public String aliasedInput() {
    return null;
  }

  /**
   * Makes what all calls of an operation share, such as packed weights; null if nothing.
   *
   * @param context gives the constants and memory
   */
  public Object prepareConstants(ConstantContext context) {
    return null;
  }

  /** Returns the bytes of workspace that a call needs. */
  public long workspaceBytes(CallContext context) {
    return 0;
  }

  /**
   * Makes the call: all structures are built here, so that the call allocates nothing.
   *
   * @return the call, or null if there is nothing to do
   */
  public abstract NativeCall prepare(CallContext context);
}
