// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.tree.JavaModuleDict;
import dev.octet.quantization.tree.JavaModuleList;
import dev.octet.quantization.tree.JavaSequential;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class ContainerLayersTest {

  private static Map<String, Module> children() {
    Map<String, Module> children = new LinkedHashMap<>();
    children.put("fc", new LinearImpl(4, 3));
    children.put("act", new ReLUImpl());
    children.put("drop", new DropoutImpl(0.5));
    return children;
  }

  private static Recognition recognize(
      String name, Map<String, Module> children, GraphMethod... calls) {
    return new KnownLayers(new SharedTensors())
        .recognize(
            new RecordedLayer(
                "torch.nn.modules.container." + name,
                List.of(calls),
                Map.of(),
                Map.of(),
                children,
                false));
  }

  private static GraphMethod forward(Function<MethodWriter, GraphValue> body) {
    MethodWriter writer = new MethodWriter("x");
    GraphValue output = body.apply(writer);
    return writer.returns(output);
  }

  private static GraphMethod chain(String... names) {
    return forward(
        writer -> {
          GraphValue value = writer.input("x");
          for (String name : names) {
            value = writer.call(name, value);
          }
          return value;
        });
  }

  @Test
  void recognizesSequential() {
    Map<String, Module> children = children();
    children.get("drop").eval();
    Module module =
        recognize("Sequential", children, chain("fc", "act", "drop")).module().orElseThrow();
    assertEquals(JavaSequential.class, module.getClass());
    JavaSequential sequential = (JavaSequential) module;
    assertEquals(List.copyOf(children.keySet()), List.copyOf(sequential.childObjects().keySet()));
    assertSame(children.get("fc"), sequential.get(0));
    assertFalse(sequential.is_training());
    assertTrue(children.get("fc").is_training(), "children have modes of their own");
    Tensor x = randn(2, 4);
    Tensor expected = ((LinearImpl) children.get("fc")).forward(x).relu();
    assertTrue(expected.equal(sequential.forward(x)));
  }

  @Test
  void leavesOutIdentitiesThatTracingDidNotSee() {
    Map<String, Module> children = new LinkedHashMap<>();
    children.put("0", new IdentityImpl());
    children.put("1", new ReLUImpl());
    children.put("2", new IdentityImpl());
    GraphMethod traced =
        forward(
            writer -> {
              writer.call("0");
              GraphValue value = writer.call("1", writer.input("x"));
              writer.call("2");
              return value;
            });
    assertTrue(recognize("Sequential", children, traced).module().isPresent());
    GraphMethod other =
        forward(
            writer -> {
              writer.call("0", writer.input("x"));
              writer.call("1");
              return writer.call("2", writer.input("x"));
            });
    assertFalse(recognize("Sequential", children, other).module().isPresent());
  }

  @Test
  void recognizesContainersThatAreNotCalled() {
    Map<String, Module> children = children();
    assertEquals(
        JavaSequential.class, recognize("Sequential", children).module().orElseThrow().getClass());
    assertEquals(
        JavaModuleDict.class,
        recognize("ModuleDict", children()).module().orElseThrow().getClass());
    Map<String, Module> numbered = new LinkedHashMap<>();
    numbered.put("0", new ReLUImpl());
    numbered.put("1", new ReLUImpl());
    JavaModuleList list = (JavaModuleList) recognize("ModuleList", numbered).module().orElseThrow();
    assertSame(numbered.get("1"), list.get(1));
    assertTrue(recognize("ModuleList", children()).reason().orElseThrow().contains("name"));
  }

  private static void assertRejected(String words, GraphMethod... calls) {
    String reason = recognize("Sequential", children(), calls).reason().orElse("");
    assertTrue(reason.contains(words), reason);
  }

  @Test
  void rejectsOtherPrograms() {
    assertRejected("next child", chain("act", "fc", "drop"));
    assertRejected("does not call its child 'drop'", chain("fc", "act"));
    assertRejected("also does", chain("fc", "act", "drop", "drop"));
    assertRejected(
        "argument",
        forward(
            writer -> {
              GraphValue x = writer.input("x");
              writer.call("fc", x);
              writer.call("act", x);
              return writer.call("drop", x);
            }));
    assertRejected(
        "result",
        forward(
            writer -> {
              GraphValue fc = writer.call("fc", writer.input("x"));
              writer.call("drop", writer.call("act", fc));
              return fc;
            }));
    assertRejected(
        "argument",
        forward(
            writer ->
                writer.call(
                    "drop",
                    writer.function(
                        "aten::neg", writer.call("act", writer.call("fc", writer.input("x")))))));
    assertTrue(
        recognize("Sequential", Map.of(), chain()).reason().orElseThrow().contains("no children"));
    assertTrue(
        recognize("ModuleList", Map.of(), chain()).reason().orElseThrow().contains("a forward"));
  }
}
