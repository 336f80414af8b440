// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.input;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.tree.JavaModuleDict;
import dev.octet.quantization.tree.JavaModuleList;
import dev.octet.quantization.tree.JavaSequential;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;

/** Sequential, ModuleList and ModuleDict. */
final class ContainerLayers {

  private ContainerLayers() {}

  static void register(Map<String, Family> families) {
    families.put("container.Sequential", ContainerLayers::sequential);
    families.put("container.ModuleList", ContainerLayers::list);
    families.put("container.ModuleDict", ContainerLayers::dict);
  }

  private static Blueprint sequential(Recording recording) {
    Map<String, Module> children = recording.layer().children();
    boolean training = recording.layer().training();
    if (recording.isCalled()) {
      requireChain(recording, children);
    }
    return Blueprint.of(
        List.of(),
        () -> {
          JavaSequential made = new JavaSequential();
          // Before the children are there: they have modes of their own.
          made.train(training);
          children.forEach(made::add);
          return made;
        });
  }

  /** Every child is called once, in order, with what the one before returned. */
  private static void requireChain(Recording recording, Map<String, Module> children) {
    if (children.isEmpty()) {
      throw new Unrecognized("has no children to call");
    }
    Meaning meaning = recording.meaning(new Assumptions(1, 0, true));
    Iterator<Apply> calls = calls(meaning).iterator();
    Object value = null;
    for (Map.Entry<String, Module> child : children.entrySet()) {
      if (!calls.hasNext()) {
        throw new Unrecognized("does not call its child '" + child.getKey() + "'");
      }
      Apply call = calls.next();
      equal(call.argument(0), child.getKey(), "next child");
      // Tracing does not see what goes through an Identity.
      if (call.arguments.size() == 1 && child.getValue() instanceof IdentityImpl) {
        continue;
      }
      if (value == null) {
        input(call.argument(1), 0);
      } else {
        equal(call.argument(1), value, "argument of '" + child.getKey() + "'");
      }
      if (call.arguments.size() != 2) {
        throw new Unrecognized("gives '" + child.getKey() + "' several arguments");
      }
      value = call;
    }
    if (calls.hasNext()) {
      throw new Unrecognized("also does " + calls.next());
    }
    equal(meaning.output(), value, "result");
  }

  private static List<Apply> calls(Meaning meaning) {
    List<Apply> calls = new ArrayList<>(meaning.all());
    for (Apply call : calls) {
      if (!call.operator.equals(Meaning.CALL)) {
        throw new Unrecognized("also does " + call);
      }
    }
    return calls;
  }

  private static Blueprint list(Recording recording) {
    requireNoForward(recording);
    Map<String, Module> children = recording.layer().children();
    boolean training = recording.layer().training();
    int index = 0;
    for (String name : children.keySet()) {
      equal(name, Integer.toString(index++), "name of its child");
    }
    return Blueprint.of(
        List.of(),
        () -> {
          JavaModuleList made = new JavaModuleList();
          made.train(training);
          children.values().forEach(made::push_back);
          return made;
        });
  }

  private static Blueprint dict(Recording recording) {
    requireNoForward(recording);
    Map<String, Module> children = recording.layer().children();
    boolean training = recording.layer().training();
    return Blueprint.of(
        List.of(),
        () -> {
          JavaModuleDict made = new JavaModuleDict();
          made.train(training);
          children.forEach(made::add);
          return made;
        });
  }

  private static void requireNoForward(Recording recording) {
    if (recording.isCalled()) {
      throw new Unrecognized("has a forward, which containers of its class do not have");
    }
  }
}
