// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.List;

/** A value that depends on what a recorded method is called with. */
sealed interface Term {

  /** An argument of the method. */
  record Input(int index) implements Term {
    @Override
    public String toString() {
      return "input " + index;
    }
  }

  /** A tensor of the module. */
  record Own(String name) implements Term {
    @Override
    public String toString() {
      return name;
    }
  }

  /** One of several results. */
  record Item(Term of, int index) implements Term {
    @Override
    public String toString() {
      return "result " + index + " of " + of;
    }
  }

  /** A value of which nothing is known. */
  record Unknown(String what) implements Term {
    @Override
    public String toString() {
      return what;
    }
  }

  /**
   * The result of an operator, named without its overload. {@link Terms} makes one object for equal
   * ones, so that comparing and walking does not visit a shared part again and again.
   */
  final class Apply implements Term {
    final String operator;
    final List<Object> arguments;

    Apply(String operator, List<Object> arguments) {
      this.operator = operator;
      this.arguments = arguments;
    }

    /** An argument; None where the operator of an older version had none. */
    Object argument(int index) {
      return index < arguments.size() ? arguments.get(index) : null;
    }

    @Override
    public String toString() {
      return operator;
    }
  }
}
