// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.List;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SoftmaxImpl;

/** Reads the probabilities of an attention: the softmax of scores, and what follows it. */
final class AttentionProbabilities {

  private static final int MAX_NODES = 8;

  private final Match match;
  private final MatchedMethod method;
  private final AttentionScores scores;
  private String refusal;

  AttentionProbabilities(Match match) {
    this.match = match;
    method = match.method();
    scores = new AttentionScores(match);
  }

  /** The scores; null if the argument is no such thing. */
  AttentionScores read(Object probabilities) {
    Object at = probabilities;
    for (int i = 0; i < MAX_NODES; i++) {
      GraphNode node = method.producer(at);
      if (node == null || node.arguments().isEmpty()) {
        return null;
      }
      match.include(node.result());
      Object first = node.arguments().get(0);
      Object dim = softmaxDim(node);
      if (dim != null) {
        return isAttention(first, dim) ? scores : null;
      }
      if (!isPassed(node)) {
        return null;
      }
      at = first;
    }
    return null;
  }

  private boolean isAttention(Object before, Object dim) {
    if (!scores.read(before)) {
      return false;
    }
    Integer rank = method.rank(before);
    boolean last = dim.equals(-1L) || rank != null && dim.equals(rank - 1L);
    if (!last) {
      refusal = "the softmax is over dimension " + dim + ", which is not known to be the last";
    }
    return refusal == null || match.refuse(refusal);
  }

  /** The dimension of a softmax; null for any other node. */
  private Object softmaxDim(GraphNode node) {
    Module module = method.module(node);
    if (module != null) {
      return module.getClass() == SoftmaxImpl.class
          ? (Object) ((SoftmaxImpl) module).options().dim().get()
          : null;
    }
    String operator = MatchedMethod.operatorOf(node);
    if ("aten::softmax".equals(operator)) {
      Object type = MatchedMethod.argument(node, "dtype");
      return type == null || Casts.isWide(type) ? MatchedMethod.argument(node, "dim") : null;
    }
    return "aten::_softmax".equals(operator) ? MatchedMethod.argument(node, "dim") : null;
  }

  /** Whether a node hands probabilities on, so that it can be left out. */
  private boolean isPassed(GraphNode node) {
    Module module = method.module(node);
    if (module instanceof DropoutImpl dropout) {
      return inactive(!dropout.is_training() || dropout.options().p().get() == 0);
    }
    if (module != null) {
      return module instanceof IdentityImpl;
    }
    String operator = MatchedMethod.operatorOf(node);
    if (operator == null) {
      return false;
    }
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::dropout" -> {
        Double p = method.number(arguments.get(1));
        boolean off = Boolean.FALSE.equals(method.bool(arguments.get(2)));
        yield inactive(off || p != null && p == 0);
      }
      case "aten::to" -> Casts.isNeedless(node, method);
      case "aten::type_as", "aten::contiguous" -> true;
      case "aten::view", "aten::reshape" ->
          arguments.get(1) instanceof List<?> sizes && scores.join(sizes);
      default -> false;
    };
  }

  /** Dropout that is active is no reason to look no further: the refusal is to be reported. */
  private boolean inactive(boolean is) {
    if (!is) {
      refusal = "dropout is active; call eval() before cleaning up";
    }
    return true;
  }
}
