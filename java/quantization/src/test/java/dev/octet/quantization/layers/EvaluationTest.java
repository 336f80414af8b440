// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Programs that are not what their class name says, and may mean harm. */
class EvaluationTest {

  private static void assertRejected(GraphMethod forward, String words) {
    RecordedLayer layer =
        new RecordedLayer(
            "torch.nn.modules.linear.Linear",
            List.of(forward),
            Map.of("weight", new GraphAttribute(randn(4, 4), GraphAttribute.Kind.PARAMETER)),
            Map.of(),
            Map.of(),
            false);
    String reason =
        assertTimeoutPreemptively(
            Duration.ofSeconds(10),
            () -> new KnownLayers(new SharedTensors()).recognize(layer).reason().orElse(""));
    assertTrue(reason.contains(words), reason);
    assertTrue(reason.length() < 500, "a reason of " + reason.length() + " characters");
  }

  @Test
  void isNotSlowedDownByDoubling() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue value = writer.input("x");
    for (int i = 0; i < 200; i++) {
      value = writer.function("aten::add.Tensor", value, value, 1L);
    }
    assertRejected(writer.returns(value), "computes aten::add");
    MethodWriter effects = new MethodWriter("x");
    value = effects.input("x");
    for (int i = 0; i < 200; i++) {
      value = effects.function("aten::add_.Tensor", value, value, 1L);
    }
    assertRejected(effects.returns(value), "aten::add_");
    MethodWriter deep = new MethodWriter("x");
    value = deep.input("x");
    for (int i = 0; i < 9_000; i++) {
      value = deep.function("aten::neg_", value);
    }
    assertRejected(deep.returns(value), "aten::neg_");
  }

  @Test
  void isNotFilledByLists() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue list = writer.add(Kind.LIST, "List[int]", 1L);
    for (int i = 0; i < 100; i++) {
      list = writer.function("aten::add.t", list, list);
    }
    GraphValue many = writer.function("aten::mul.left_t", list, 1_000_000_000L);
    assertRejected(
        writer.returns(writer.function("aten::reshape", writer.input("x"), many)), "reshape");
  }

  private static GraphMethod loops(Object rounds, int depth) {
    MethodWriter writer = new MethodWriter("x");
    int from = writer.size();
    GraphValue value = writer.function("aten::neg", writer.input("x"));
    for (int i = 0; i < depth; i++) {
      List<GraphValue> parameters =
          new ArrayList<>(List.of(new GraphValue("round" + i), new GraphValue("carried" + i)));
      GraphBlock body = writer.block(from, parameters, true, value);
      value = writer.control(Kind.LOOP, Arrays.asList(rounds, true, writer.input("x")), body);
    }
    return writer.returns(value);
  }

  @Test
  void doesNotFollowLongLoops() {
    assertRejected(loops(90L, 6), "steps");
    assertRejected(loops(Long.MAX_VALUE, 1), "rounds");
    MethodWriter writer = new MethodWriter("x");
    assertRejected(writer.returns(null), "None");
  }

  @Test
  void understandsLoopsOfUnknownLength() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue rounds = writer.function("aten::size.int", writer.input("x"), 0L);
    int from = writer.size();
    GraphValue value = writer.function("aten::neg", writer.input("x"));
    GraphBlock body =
        writer.block(
            from, List.of(new GraphValue("round"), new GraphValue("carried")), true, value);
    value = writer.control(Kind.LOOP, Arrays.asList(rounds, true, writer.input("x")), body);
    assertRejected(writer.returns(value), "result of a loop");
  }

  @Test
  void rejectsEffectsThatDependOnTheCall() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue x = writer.input("x");
    GraphValue condition =
        writer.function("aten::gt.int", writer.function("aten::size.int", x, 0L), 3L);
    int from = writer.size();
    writer.function("aten::add_.Scalar", x, 1L, 1L);
    GraphBlock yes = writer.block(from, List.of());
    writer.control(
        Kind.IF, List.of(condition), yes, new GraphBlock(List.of(), List.of(), List.of()));
    assertRejected(
        writer.returns(writer.function("aten::linear", x, writer.read("weight"), null)),
        "for different arguments");
  }

  @Test
  void rejectsItemsThatAreNotThere() {
    MethodWriter writer = new MethodWriter("x");
    GraphValue list = writer.add(Kind.LIST, "List[int]", 1L);
    assertRejected(writer.returns(writer.add(Kind.GET_ITEM, "5", list)), "item 5");
    MethodWriter other = new MethodWriter("x");
    assertRejected(other.returns(other.read("strange")), "reads 'strange'");
    MethodWriter failing = new MethodWriter("x");
    failing.add(Kind.RAISE, "", "no", "builtins.ValueError");
    assertRejected(failing.returns(failing.input("x")), "always fails: no");
  }
}
