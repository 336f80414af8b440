// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.ClassType;
import org.bytedeco.pytorch.Function;
import org.bytedeco.pytorch.FunctionVector;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.GraphFunction;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** What the importer needs to know of a TorchScript class. */
final class ScriptClass {

  private static final Pattern MANGLE = Pattern.compile("___torch_mangle_\\d+\\.");
  private static final String PREFIX = "__torch__.";

  final String qualifiedName;
  final String simpleName;
  final List<Attribute> attributes = new ArrayList<>();
  final Set<String> methods = new HashSet<>();

  /** Attributes that some method sets. */
  final Set<String> set = new HashSet<>();

  /** Lists and dicts of which some use is more than reading in place. */
  final Set<String> kept = new HashSet<>();

  private final long address;

  ScriptClass(ClassType type) {
    address = type.address();
    try (QualifiedName name = type.name().get();
        BytePointer text = name.qualifiedName()) {
      qualifiedName = demangled(text.getString());
    }
    simpleName = qualifiedName.substring(qualifiedName.lastIndexOf('.') + 1);
    for (long i = 0; i < type.numAttributes(); i++) {
      try (BytePointer name = type.getAttributeName(i)) {
        attributes.add(
            new Attribute(
                name.getString(),
                type.getAttribute(i).get().kind().intern(),
                type.is_parameter(i),
                type.is_buffer(i)));
      }
    }
    FunctionVector functions = type.methods();
    for (long i = 0; i < functions.size(); i++) {
      Function function = functions.get(i);
      try (BytePointer name = function.name()) {
        methods.add(name.getString());
      }
      scan(new GraphFunction(function));
    }
  }

  /** The name in Python: without the parts that make names of TorchScript classes unique. */
  static String demangled(String name) {
    String plain = MANGLE.matcher(name).replaceAll("");
    return plain.startsWith(PREFIX) ? plain.substring(PREFIX.length()) : plain;
  }

  private void scan(GraphFunction function) {
    try (Graph graph = function.graph()) {
      scan(graph.block(), new NodeNames(graph));
    }
  }

  private void scan(Block block, NodeNames names) {
    for (JitNode node : Jit.nodes(block)) {
      String kind = Jit.kind(node);
      if (kind.equals("prim::SetAttr") && isOfThisClass(node)) {
        set.add(names.of(node));
      } else if (kind.equals("prim::GetAttr") && isOfThisClass(node)) {
        Value value = node.output();
        TypeKind type = Jit.typeKind(value);
        boolean collection = type == TypeKind.ListType || type == TypeKind.DictType;
        if (collection && !ListUses.areReads(value)) {
          kept.add(names.of(node));
        }
      }
      Jit.blocks(node).forEach(inner -> scan(inner, names));
    }
  }

  private boolean isOfThisClass(JitNode node) {
    return Jit.type(node.input(0)).address() == address;
  }

  /**
   * An attribute of the class.
   *
   * @param name its name
   * @param type the kind of its type
   * @param parameter whether it is a parameter
   * @param buffer whether it is a buffer
   */
  record Attribute(String name, TypeKind type, boolean parameter, boolean buffer) {}
}
