// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Block;
import org.bytedeco.pytorch.BlockArrayRef;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.SourceRange;
import org.bytedeco.pytorch.SourceRangeOptional;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.T_StringSizeTSizeT_TOptional;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.ValueArrayRef;
import org.bytedeco.pytorch.global.torch.TypeKind;

/**
 * Reads libtorch's intermediate representation.
 *
 * <p>Nodes, values, blocks and types belong to their graph; everything else that the presets hand
 * out is closed here.
 */
final class Jit {

  private Jit() {}

  /** The qualified kind of a node, such as {@code aten::relu}. */
  static String kind(JitNode node) {
    try (Symbol symbol = node.kind()) {
      return symbol.toQualString().getString();
    }
  }

  static List<JitNode> nodes(Block block) {
    List<JitNode> nodes = new ArrayList<>();
    JitNode end = block.return_node();
    for (JitNode node = block.param_node().next();
        node.address() != end.address();
        node = node.next()) {
      nodes.add(node);
    }
    return nodes;
  }

  static List<Value> inputs(JitNode node) {
    try (ValueArrayRef values = node.inputs()) {
      return list(values);
    }
  }

  static List<Value> outputs(JitNode node) {
    try (ValueArrayRef values = node.outputs()) {
      return list(values);
    }
  }

  static List<Value> inputs(Block block) {
    try (ValueArrayRef values = block.inputs()) {
      return list(values);
    }
  }

  static List<Value> outputs(Block block) {
    try (ValueArrayRef values = block.outputs()) {
      return list(values);
    }
  }

  private static List<Value> list(ValueArrayRef values) {
    List<Value> list = new ArrayList<>();
    for (long i = 0; i < values.size(); i++) {
      list.add(values.at(i));
    }
    return list;
  }

  static List<Block> blocks(JitNode node) {
    List<Block> list = new ArrayList<>();
    try (BlockArrayRef blocks = node.blocks()) {
      for (long i = 0; i < blocks.size(); i++) {
        list.add(blocks.at(i));
      }
    }
    return list;
  }

  static String name(Value value) {
    try (BytePointer name = value.debugName()) {
      return name.getString();
    }
  }

  static Type type(Value value) {
    return value.type().get();
  }

  static TypeKind typeKind(Value value) {
    return type(value).kind().intern();
  }

  /** A type as TorchScript writes it. */
  static String annotation(Type type) {
    try (BytePointer text = type.annotation_str()) {
      return text.getString();
    }
  }

  /** A parameter of an operator; null where it takes any number of arguments. */
  static Argument argument(FunctionSchema schema, long index) {
    Argument arguments = schema.arguments();
    return arguments == null || arguments.isNull() || index >= arguments.limit()
        ? null
        : arguments.getPointer(Argument.class, index);
  }

  static long intAttribute(JitNode node, String name) {
    try (Symbol symbol = Symbol.attr(name)) {
      return node.i(symbol);
    }
  }

  /**
   * Where a node comes from: file, line and text of the original Python where the file carries
   * them, else of the code in the archive; null if nothing is known.
   */
  static String source(JitNode node) {
    try (SourceRange range = node.sourceRange()) {
      if (range.source() == null) {
        return null;
      }
      try (SourceRangeOptional generated = range.findSourceRangeThatGenerated()) {
        String original = generated.has_value() ? place(generated.get()) : null;
        return original != null ? original : place(range);
      }
    } catch (RuntimeException e) {
      // Debug information that does not fit the code is no reason not to import.
      return null;
    }
  }

  private static String place(SourceRange range) {
    try (T_StringSizeTSizeT_TOptional place = range.file_line_col();
        BytePointer text = range.str()) {
      if (!place.has_value()) {
        return null;
      }
      String file = place.get().get0().getString();
      return file + ":" + place.get().get1() + line(text == null ? "" : text.getString());
    }
  }

  /** The line above the mark in libtorch's picture of a place. */
  private static String line(String picture) {
    String[] lines = picture.split("\n");
    for (int i = 1; i < lines.length; i++) {
      if (lines[i].contains("<--- HERE")) {
        return " '" + lines[i - 1].strip() + "'";
      }
    }
    return "";
  }
}
