// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes TorchScript code, mostly so that it can still be parsed. */
final class CodeMutator {
  private static final Pattern TOKEN =
      Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|\\w+|->|\\n *| +|.", Pattern.DOTALL);
  private static final Pattern CALL = Pattern.compile("\\b(?:torch|ops\\.\\w+)\\.\\w+(?=\\()");
  private static final String[] OPERATORS = {
    "torch.add",
    "torch.sub",
    "torch.mul",
    "torch.div",
    "torch.relu",
    "torch.floordiv",
    "torch.remainder",
    "torch.__getitem__",
    "torch.__is__",
    "torch.__isnot__",
    "torch.__not__",
    "torch.append",
    "torch.len",
    "torch.list",
    "torch.dict",
    "torch.keys",
    "torch.items",
    "torch.size",
    "torch.format",
    "torch.warn",
    "torch.wait",
    "torch.hash",
    "torch.copy",
    "torch.slice",
    "torch.select",
    "torch.index",
    "torch.cat",
    "torch.stack",
    "torch.unbind",
    "torch.split",
    "torch.chunk",
    "torch.tensor",
    "torch.zeros",
    "torch.device",
    "torch.pop",
    "torch._unwrap_optional",
    "torch.unsqueeze",
    "torch.max",
    "torch.linear",
    "torch.lstm",
    "ops.prim.NumToTensor",
    "ops.prim.RaiseException",
    "ops.prim.TupleIndex",
    "ops.prim.TupleUnpack",
    "ops.prim.unchecked_cast",
    "ops.prim.data",
    "ops.prim.device",
    "ops.prim.dtype",
    "ops.prim.max",
    "ops.prim.min",
    "ops.prim.abs",
    "ops.prim.tolist",
    "ops.prim.ModuleContainerIndex",
    "ops.prim.IfThenElse",
    "ops.prim.Uninitialized",
    "ops.prim.ConstantChunk",
    "ops.prim.profile",
    "ops.prim.BailoutTemplate",
    "ops.prim.id",
    "ops.prim.FusionGroup",
    "ops.prim.TypeCheck",
    "ops.prim.EnumName",
    "ops.prim.rangelist",
    "ops.static_runtime.dict_unpack",
    "ops.quantized.linear",
    "ops.aten.relu",
    "ops.prim.fork",
    "ops.prim.awaitable",
    "ops.prim.CallFunction",
    "ops.prim.Loop",
    "ops.prim.Constant",
  };
  private static final String[] WORDS = {
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "99999999999999999999999",
    "1e309",
    "nan",
    "None",
    "True",
    "self",
    "x",
    "CONSTANTS.c0",
    "CONSTANTS.c9",
    "\"\"",
    "\"0\"",
    "[]",
    "()",
    "{}",
    "Tensor",
    "int",
    "List[int]",
    "Optional[Tensor]",
    "Tuple[()]",
    "Dict[str, Tensor]",
    "Any",
    "pass",
    "return",
    "if",
    "while",
    "for",
    "def",
    "class",
    "else",
    "in",
    "is",
    "not",
    "and",
    "lambda",
    "with",
    "as",
    "torch.floordiv(1, 0)",
    "torch.remainder(1, 0)",
    "torch.zfill(\"a\", 100000000000)",
    "annotate(List[Tensor], [])",
    "uninitialized(Tensor)",
    "unchecked_cast(int, x)",
    "isinstance(x, Tensor)",
    "getattr(self, \"0\")",
    "fork(x)",
    "range(3)",
    "(x, x)",
    "[x, x]",
    "ops.prim.NumToTensor(1)",
    "ops.prim.TupleIndex((1, 2), 5)",
    "ops.prim.RaiseException(\"a\")",
    "ops.prim.unchecked_unwrap_optional(x)",
    "torch.append([x], x)",
    "torch.relu(x)",
    "torch.to(x, 6)",
    "str(x)",
    "int(x)",
    "bool(x)",
    "1.+2.j",
    "__torch__",
    "__torch__.A.B",
  };

  private CodeMutator() {}

  static String mutate(String code, Random random) {
    String changed = code;
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      changed =
          switch (random.nextInt(4)) {
            case 0 -> tokens(changed, random);
            case 1 -> lines(changed, random);
            case 2 -> alike(changed, random);
            default -> operator(changed, random);
          };
    }
    return changed;
  }

  /** Replaces a name by another name, or a number or string by another. */
  private static String alike(String code, Random random) {
    String pattern =
        new String[] {
              "\\b[a-z_]\\w*\\b(?![(.])",
              "\\b\\d+\\b",
              "\"[^\"\\n]*\"",
              "__torch__[\\w.]+",
              "\\b[A-Z]\\w+\\b",
              "(?<=[ (,])[\\w.]+(?=[,)])"
            }
            [random.nextInt(6)];
    List<int[]> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern).matcher(code);
    while (matcher.find()) {
      found.add(new int[] {matcher.start(), matcher.end()});
    }
    if (found.isEmpty()) {
      return code;
    }
    int[] at = found.get(random.nextInt(found.size()));
    int[] other = found.get(random.nextInt(found.size()));
    return code.substring(0, at[0]) + code.substring(other[0], other[1]) + code.substring(at[1]);
  }

  private static String operator(String code, Random random) {
    List<int[]> found = new ArrayList<>();
    Matcher matcher = CALL.matcher(code);
    while (matcher.find()) {
      found.add(new int[] {matcher.start(), matcher.end()});
    }
    if (found.isEmpty()) {
      return code;
    }
    int[] at = found.get(random.nextInt(found.size()));
    String name = OPERATORS[random.nextInt(OPERATORS.length)];
    return code.substring(0, at[0]) + name + code.substring(at[1]);
  }

  private static String tokens(String code, Random random) {
    List<String> tokens = new ArrayList<>();
    List<Integer> words = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(code);
    while (matcher.find()) {
      if (!matcher.group().isBlank()) {
        words.add(tokens.size());
      }
      tokens.add(matcher.group());
    }
    if (words.isEmpty()) {
      return code;
    }
    int at = words.get(random.nextInt(words.size()));
    int other = words.get(random.nextInt(words.size()));
    switch (random.nextInt(7)) {
      case 0 -> tokens.set(at, "");
      case 1 -> tokens.set(at, tokens.get(other));
      case 2 -> tokens.set(at, WORDS[random.nextInt(WORDS.length)]);
      case 3 -> {
        String moved = tokens.get(at);
        tokens.set(at, tokens.get(other));
        tokens.set(other, moved);
      }
      case 4 -> replaceWord(tokens, words, at, random, "\\d[\\w.]*", WORDS[random.nextInt(6)]);
      case 5 -> replaceWord(tokens, words, at, random, "[A-Za-z_]\\w*", null);
      default -> {
        int depth = 1 << random.nextInt(10);
        String[] around = {
          "(", ")", "[", "]", "(", ",)", "torch.relu(", ")", "List[", "]", "-", ""
        };
        int kind = 2 * random.nextInt(around.length / 2);
        tokens.set(
            at, around[kind].repeat(depth) + tokens.get(at) + around[kind + 1].repeat(depth));
      }
    }
    return String.join("", tokens);
  }

  /** Replaces the next word of a pattern, null: by another of the same. */
  private static void replaceWord(
      List<String> tokens,
      List<Integer> words,
      int from,
      Random random,
      String pattern,
      String by) {
    List<Integer> same =
        words.stream().filter(index -> tokens.get(index).matches(pattern)).toList();
    if (!same.isEmpty()) {
      int index = same.get(random.nextInt(same.size()));
      String other = tokens.get(same.get(random.nextInt(same.size())));
      tokens.set(index, by != null ? by : other);
    }
  }

  private static String lines(String code, Random random) {
    List<String> lines = new ArrayList<>(Arrays.asList(code.split("\n", -1)));
    int at = random.nextInt(lines.size());
    int other = random.nextInt(lines.size());
    switch (random.nextInt(6)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(at, lines.get(other));
      case 2 -> {
        String moved = lines.set(at, lines.get(other));
        lines.set(other, moved);
      }
      case 3 -> lines.set(at, "  ".repeat(random.nextInt(3)) + lines.get(at));
      case 4 -> {
        String indent = lines.get(at).replaceAll("\\S.*", "");
        lines.add(at, indent + "z" + " = " + WORDS[random.nextInt(WORDS.length)]);
        lines.add(at + 1, indent + "print(z)");
      }
      default -> {
        int copies = 1 << random.nextInt(8);
        for (int i = 0; i < copies; i++) {
          lines.add(at, lines.get(Math.min(other, lines.size() - 1)));
        }
      }
    }
    return String.join("\n", lines);
  }
}
