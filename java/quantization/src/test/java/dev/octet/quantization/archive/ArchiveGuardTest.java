// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.golden.GoldenScripts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ArchiveGuardTest {
  private static final String CODE = "code/__torch__/goldens.py";

  @TempDir Path folder;
  private TorchZip zip;

  static List<Path> files() {
    return GoldenScripts.all();
  }

  @BeforeEach
  void read() throws IOException {
    zip = TorchZip.read(GoldenScripts.named("control-flow.script.pt"));
  }

  private Path file() {
    return folder.resolve("model.pt");
  }

  private ModelFileException refusal() {
    ModelFileException error =
        assertThrows(ModelFileException.class, () -> ArchiveGuard.check(file()));
    assertEquals(file(), error.file());
    assertTrue(error.getMessage().startsWith(file() + ": "), error.getMessage());
    return error;
  }

  private void assertRefused(TorchZip changed, String entry, String words) throws IOException {
    changed.write(file());
    ModelFileException error = refusal();
    assertTrue(error.getMessage().contains(words), error.getMessage());
    if (entry != null) {
      assertTrue(error.entry().orElse("").endsWith(entry), error.getMessage());
    }
  }

  private void assertRefused(byte[] bytes, String words) throws IOException {
    Files.write(file(), bytes);
    assertTrue(refusal().getMessage().contains(words), refusal().getMessage());
  }

  /** The model with other lines as the body of its forward, and perhaps more classes. */
  private TorchZip withBody(String body, String more) {
    String code = zip.text(CODE);
    String head = code.substring(0, code.indexOf("    first = self.first\n"));
    zip.entries().removeIf(entry -> entry.name().endsWith("goldens.py.debug_pkl"));
    return zip.set(CODE, head + body.indent(4) + "    return x\n" + more);
  }

  @ParameterizedTest
  @MethodSource("files")
  void soundArchivesPass(Path file) throws IOException {
    TorchScriptInfo info = ArchiveGuard.check(file);
    assertTrue(info.version() >= 3 && info.version() <= 10, "version " + info.version());
    assertTrue(info.parameterBytes() > 0, "no parameters");
    assertTrue(
        info.classNames().stream().allMatch(name -> name.startsWith("__torch__.")),
        info.classNames().toString());
  }

  @Test
  void theInfoSaysWhatIsThere() throws IOException {
    TorchScriptInfo info = ArchiveGuard.check(GoldenScripts.named("control-flow.script.pt"));
    List<String> names = List.copyOf(info.classNames());
    assertEquals("__torch__.goldens.ControlFlow", names.get(names.size() - 1));
    assertEquals(4, names.size());
    assertEquals(4 * (4 * (6 * 6 + 6) + 6 * 4 + 4), info.parameterBytes());
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = zip.bytes();
    for (int length = 0; length < whole.length; length += length < 200 ? 1 : 97) {
      Files.write(file(), Arrays.copyOf(whole, length));
      refusal();
    }
    Files.write(file(), Arrays.copyOf(whole, whole.length - 1));
    refusal();
    Files.write(file(), Arrays.copyOf(whole, whole.length + 1));
    refusal();
  }

  @Test
  void noFlippedBitOfTheContentsPasses() throws IOException {
    byte[] whole = zip.bytes();
    Random random = new Random(5);
    Files.write(file(), whole);
    List<ZipRecord> records;
    try (ZipArchive archive = ZipArchive.open(file())) {
      records = List.copyOf(archive.records().values());
    }
    for (int i = 0; i < 300; i++) {
      ZipRecord record = records.get(random.nextInt(records.size()));
      byte[] altered = whole.clone();
      int at = (int) record.dataOffset() + random.nextInt((int) record.storedSize());
      altered[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file(), altered);
      refusal();
    }
  }

  @Test
  void brokenZipStructuresAreRefused() throws IOException {
    byte[] whole = zip.bytes();
    byte[] prefixed = new byte[whole.length + 4];
    System.arraycopy(whole, 0, prefixed, 4, whole.length);
    System.arraycopy(whole, 0, prefixed, 0, 4);
    assertRefused(prefixed, "at byte ");
    TorchZip twice = zip.copy();
    twice.entries().add(twice.entries().get(0));
    assertRefused(twice, "data/0", "the entry is there twice");
    TorchZip cases = zip.copy();
    cases.add("control-flow.script/CODE/__torch__/Goldens.py", new byte[0]);
    assertRefused(cases, "Goldens.py", "differs from 'control-flow.script/code/__torch__/goldens");
    assertRefused(
        zip.copy().add("control-flow.script/../up", new byte[0]), null, "leads out of the archive");
    assertRefused(zip.copy().add("/absolute", new byte[0]), null, "is absolute");
    assertRefused(zip.copy().add("a\\b", new byte[0]), null, "a backslash");
    assertRefused(zip.copy().add("a\nb", new byte[0]), null, "a control character");
    assertRefused(zip.copy().add("n".repeat(600), new byte[0]), null, "name has");
  }

  @Test
  void entriesThatExpandWithoutBoundAreRefused() throws IOException {
    zip.add("control-flow.script/extra/zeros", new byte[300 << 20], true);
    assertRefused(zip, "extra/zeros", "the compressed entries expand to more than");
  }

  @ParameterizedTest
  @CsvSource({
    "data.pkl, is missing",
    "constants.pkl, is missing",
    "version, is missing",
    "data/3, of tensors is missing",
    "linear/___torch_mangle_261.py, which the code does not have"
  })
  void missingEntriesAreNamed(String name, String words) throws IOException {
    zip.entries().remove(zip.indexOf(name));
    zip.write(file());
    String message = refusal().getMessage();
    assertTrue(message.contains(words), message);
  }

  @ParameterizedTest
  @CsvSource({"2", "11", "999999999999", "-3", "x", "''"})
  void otherVersionsAreRefused(String version) throws IOException {
    assertRefused(zip.set("version", version + "\n"), "version", "expected 3 to 10");
  }

  @Test
  void otherKindsAreNamed() throws IOException {
    assertRefused(new byte[0], "an empty file, expected a TorchScript archive");
    assertRefused("<html>".getBytes(StandardCharsets.US_ASCII), "an HTML page");
    zip.entries().removeIf(e -> e.name().contains("code/") || e.name().endsWith("constants.pkl"));
    assertRefused(zip, null, "a torch.save archive (a state dict or a pickled model), expected");
    ModelFileException folderError =
        assertThrows(ModelFileException.class, () -> ArchiveGuard.check(folder));
    assertTrue(folderError.getMessage().contains("a directory"), folderError.getMessage());
  }

  private static byte[] pickle(Object... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (Object part : parts) {
      if (part instanceof Integer value) {
        out.write(value);
      } else if (part instanceof byte[] bytes) {
        out.writeBytes(bytes);
      } else {
        out.writeBytes(part.toString().getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return out.toByteArray();
  }

  @Test
  void picklesThatAreNotWellFormedAreRefused() throws IOException {
    Object[][] pickles = {
      {pickle(), "the pickle ends in the middle"},
      {pickle("\u0080\u0002"), "the pickle ends in the middle"},
      {pickle("\u0080\u0004)."), "a pickle of protocol 4"},
      {pickle("abc"), "no pickle"},
      {pickle("\u0080\u0002."), "leaves 0 values"},
      {pickle("\u0080\u0002))."), "leaves 2 values"},
      {pickle("\u0080\u0002(."), "leaves 0 values"},
      {pickle("\u0080\u0002).x"), "1 bytes follow"},
      {pickle("\u0080\u0002t."), "a mark is missing"},
      {pickle("\u0080\u0002\u0085."), "a value is missing"},
      {pickle("\u0080\u0002(\u0085."), "a value is missing"},
      {pickle("\u0080\u0002)R."), "a value is missing"},
      {pickle("\u0080\u0002)a."), "a value is missing"},
      {pickle("\u0080\u0002h\u0000."), "memo 0 is used, there are 0"},
      {pickle("\u0080\u0002)r\u00ff\u00ff\u00ff\u00ff."), "memo 4294967295 is set before memo 0"},
      {pickle("\u0080\u0002X\u00ff\u00ff\u00ff\u00ffabc."), "a string of 4294967295 bytes"},
      {pickle("\u0080\u0002X\u0001\u0000\u0000\u0000\u00ff."), "is not UTF-8"},
      {pickle("\u0080\u0002\u008a\u0004\u0000\u0000\u0000\u0000."), "an integer of 4 bytes"},
      {pickle("\u0080\u0002i."), "opcode 0x69"},
      {pickle("\u0080\u0002cposix\nsystem\n)R."), "posix.system"},
      {pickle("\u0080\u0002K\u0000)R."), "the int 0 is called"},
      {pickle("\u0080\u0002]q\u0000h\u0000a."), "contains itself"},
      {
        pickle("\u0080\u0002]q\u0000h\u0000\u0085q\u0001h\u0000h\u0001a."),
        "grows after it was used"
      },
      {pickle("\u0080\u0002}K\u0000K\u0000K\u0000K\u0001(t."), "leaves 6 values"},
      {pickle("\u0080\u0002}(K\u0000u."), "1 keys and values are put into a dict"},
      {pickle("\u0080\u0002}(K\u0000NK\u0000Nu."), "twice as a key"},
      {pickle("\u0080\u0002)NQ."), "as a persistent id"},
      {pickle("\u0080\u0002" + ")" + "\u0085".repeat(500) + "."), "deep in one another"},
      {pickle("\u0080\u0002" + "(".repeat(500) + "."), "marks in one another"},
      {
        pickle("\u0080\u0002N\u0085q\u0000" + "h\u0000\u0086q\u0000h\u0000".repeat(40) + "\u0086."),
        "amount to more than"
      },
      {
        pickle(
            "\u0080\u0002c__torch__.torch.classes.quantized\nLinearPackedParamsBase\n)\u0081}b."),
        "quantized by torch"
      },
      {pickle("\u0080\u0002c__torch__.A\nB\n)\u0081q\u0000}b."), "has no state"},
      {
        pickle("\u0080\u0002c__torch__.A\nB\n)\u0081}b."),
        "class __torch__.A.B, which the code does"
      },
      {pickle("\u0080\u0002c__torch__.A\nB\nN\u0081}b."), "is made from None"},
      {pickle("\u0080\u0002ctorch._utils\n_rebuild_qtensor\n."), "torch's quantized tensors"},
      {pickle("\u0080\u0002N."), "is None, expected an object"},
    };
    for (Object[] pickle : pickles) {
      assertRefused(zip.copy().set("data.pkl", (byte[]) pickle[0]), "data.pkl", (String) pickle[1]);
      zip.copy().set("constants.pkl", (byte[]) pickle[0]).write(file());
      refusal();
    }
  }

  private byte[] edited(String entry, byte[] from, byte[] to) {
    byte[] bytes = zip.get(entry);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    String find = new String(from, StandardCharsets.ISO_8859_1);
    assertTrue(text.contains(find), entry + " has it");
    return text.replaceFirst(
            Pattern.quote(find),
            Matcher.quoteReplacement(new String(to, StandardCharsets.ISO_8859_1)))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void tensorsOutsideOfTheirStorageAreRefused() throws IOException {
    // The first tensor: storage offset 0, sizes (6, 6), strides (6, 1).
    byte[] layout = pickle("K", 0, "(K", 6, "K", 6, "t");
    byte[][] changed = {
      pickle("K", 1, "(K", 6, "K", 6, "t"),
      pickle("K", 0, "(K", 7, "K", 6, "t"),
      pickle("K", 0, "(", PickleMutator.number(-6), "K", 6, "t"),
      pickle("K", 0, "(", PickleMutator.number(Long.MAX_VALUE), "K", 6, "t"),
      pickle(PickleMutator.number(-1), "(K", 6, "K", 6, "t"),
      pickle(PickleMutator.number(Long.MAX_VALUE), "(K", 6, "K", 6, "t"),
    };
    for (byte[] other : changed) {
      ModelFileException error =
          assertThrows(
              ModelFileException.class,
              () -> {
                zip.copy().set("data.pkl", edited("data.pkl", layout, other)).write(file());
                ArchiveGuard.check(file());
              });
      assertTrue(error.getMessage().contains("a tensor of shape"), error.getMessage());
      assertTrue(error.offset().isPresent(), "no offset");
    }
  }

  @Test
  void storagesMustFitTheirRecords() throws IOException {
    assertRefused(
        zip.copy().set("data/0", new byte[140]),
        "data.pkl",
        "but the entry 'control-flow.script/da");
    assertRefused(
        zip.copy()
            .set("data.pkl", edited("data.pkl", pickle("FloatStorage"), pickle("QInt8Storage"))),
        "data.pkl",
        "quantized tensors are not read");
    assertRefused(
        zip.copy().set("data.pkl", edited("data.pkl", pickle("cpu"), pickle("../"))),
        "data.pkl",
        "saved on the device '../'");
  }

  @Test
  void tensorsSavedOnOtherDevicesPass() throws IOException {
    byte[] cuda =
        edited("data.pkl", pickle("X", 3, 0, 0, 0, "cpu"), pickle("X", 6, 0, 0, 0, "cuda:0"));
    zip.set("data.pkl", cuda).write(file());
    assertEquals(4, ArchiveGuard.check(file()).classNames().size());
  }

  @Test
  void attributesMustHaveTheTypesOfTheCode() throws IOException {
    String code = zip.text(CODE);
    for (String type : List.of("Tensor", "float", "str", "List[int]", "Tuple[int]", "bool")) {
      assertRefused(
          zip.copy().set(CODE, code.replace("rounds : int", "rounds : " + type)),
          "data.pkl",
          "the attribute 'rounds' of an object of class __torch__.goldens.ControlFlow is or has the"
              + " int 4, expected a value of type "
              + type.replaceAll("\\[.*", ""));
    }
    assertRefused(
        zip.copy().set(CODE, code.replace("  rounds : int\n", "  rounds : int\n  more : int\n")),
        "data.pkl",
        "the attribute 'more' of an object of class __torch__.goldens.ControlFlow is or has nothing");
    assertRefused(
        zip.copy().set(CODE, code.replaceFirst("___torch_mangle_261", "___torch_mangle_263")),
        "data.pkl",
        "expected a value of type __torch__.torch.nn.modules.linear.___torch_mangle_263.Linear");
    zip.set(CODE, code.replace("rounds : int", "rounds : Optional[Union[str, int]]")).write(file());
    ArchiveGuard.check(file());
  }

  @Test
  void codeThatWouldRunWhenLoadedIsRefused() throws IOException {
    String self = "self: __torch__.goldens.ControlFlow";
    assertRefused(
        withBody(
            "pass",
            ("def __getstate__("
                    + self
                    + ") -> int:\n  return 1\n"
                    + "def __setstate__("
                    + self
                    + ", x: int) -> NoneType:\n"
                    + "  while True:\n    pass\n")
                .indent(2)),
        "data.pkl",
        "__setstate__ would run when it is loaded");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "m = torch.sub(-9223372036854775807, 1)~n = torch.floordiv(m, -1)~print(n)",
        "m = 0~n = torch.remainder(3, m)~print(n)",
        "n = torch.remainder(3, 0)~print(n)",
        "n, m, = torch.divmod(3, 0)~print(n)",
        "n = torch.__round_to_zero_floordiv(3, 0)~print(n)",
        "n = torch.floordiv(a=3, b=0)~print(n)",
        "n = torch.gcd(3, -9223372036854775807)~print(n)",
        "n = torch.promote_types(99, 3)~print(n)",
        "n = torch.zfill(\"a\", 1000000000000)~print(n)",
        "n = (\"a\").zfill(1000000000000)~print(n)",
        "s = \"a\"~n = (s).center(1000000000000)~print(n)",
        "n = torch.ljust(str(5), 1000000000000)~print(n)",
        "n = torch.replace(\"a\", \"\", \"b\")~print(n)",
        "if True:~  s = \"a\"~else:~  s = str(x)~n = torch.count(s, \"\")~print(n)",
        "s = \"a\"~for i in range(0):~  s = str(x)~n = torch.count(s, \"\")~print(n)",
        "s = \"a\"~for i in range(torch.size(x, 0)):~  s = s~n = torch.count(s, \"\")~print(n)",
        "f = torch.remainder~print(f(3, 0))",
        "print(divmod(3, 0))",
        "print(chr(3))",
      })
  void constantsThatHarmAreRefused(String lines) throws IOException {
    withBody(lines.replace('~', '\n'), "").write(file());
    String message = refusal().getMessage();
    assertTrue(message.contains("entry 'control-flow.script/" + CODE + "' at byte "), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "n = torch.floordiv(torch.size(x, 0), 0)",
        "m = torch.size(x, 0)~n = torch.remainder(7, m)",
        "n = torch.floordiv(7, 2)",
        "s = str(x)~n = torch.zfill(s, 5)",
        "s = \"a\"~for i in range(torch.size(x, 0)):~  s = torch.replace(s, \"a\", str(x))",
        "s = \"a\"~if bool(torch.gt(torch.mean(x), 0)):~  s = str(x)~n = torch.count(s, \"a\")",
        "s = torch.format(\"{} {}\", 3, \"a\")",
        "def f():~  return torch.relu(x)~y = torch.wait(fork(f))",
        "t = ((x, (x, 1.+2.j)), [x, x], {\"a\": (x, -inf)})",
      })
  void codeLikeThatPasses(String lines) throws IOException {
    withBody(lines.replace('~', '\n'), "").write(file());
    ArchiveGuard.check(file());
  }

  @Test
  void textsAndTuplesThatGrowAreRefused() throws IOException {
    String text = "s = \"" + "a".repeat(1024) + "\"\n" + "s = torch.add(s, s)\n".repeat(40);
    assertRefused(withBody(text + "print(s)", ""), CODE, "makes a text of up to");
    read();
    String tuple = "t = (x, x)\n" + "t = (t, t)\n".repeat(40);
    assertRefused(withBody(tuple + "print(t)", ""), CODE, "code has a tuple of more than");
    read();
    String nested = "t = [x]\n" + "t = [(t, t)]\n".repeat(40);
    assertRefused(withBody(nested + "print(t)", ""), CODE, "code has a tuple of more than");
  }

  private static String classes(int count, String base, int fields) {
    StringBuilder code = new StringBuilder();
    for (int i = 0; i <= count; i++) {
      code.append("class C" + i + base + ":\n");
      for (int field = 0; field < fields; field++) {
        String type = i < count ? "__torch__.goldens.C" + (i + 1) : "int";
        code.append("  f" + field + " : " + type + "\n");
      }
      if (base.isEmpty()) {
        code.append("  def g(self: __torch__.goldens.C" + i + ") -> int:\n    return 1\n");
      }
    }
    return code.toString();
  }

  @Test
  void typesThatGrowAreRefused() throws IOException {
    String use = "c = annotate(Optional[__torch__.goldens.C0], None)\nprint(c)";
    assertRefused(withBody(use, classes(30, "", 2)), CODE, "parts in all");
    read();
    assertRefused(withBody(use, classes(30, "(NamedTuple)", 2)), CODE, "the tuple 'C");
    read();
    assertRefused(withBody(use, classes(5000, "", 1)), CODE, "more than 300 deep");
    read();
    String loop = "class C0:\n  f : Optional[__torch__.goldens.C0]\n";
    assertRefused(withBody(use, loop), CODE, "contains itself");
    read();
    withBody(use, classes(10, "", 2)).write(file());
    ArchiveGuard.check(file());
  }

  @Test
  void codeThatIsNestedTooDeepIsRefused() throws IOException {
    String[] codes = {
      "y = " + "torch.relu(".repeat(5000) + "x" + ")".repeat(5000),
      "y = " + "[".repeat(100_000),
      "y = " + "-".repeat(100_000) + "1",
      "y = x" + ".T".repeat(100_000),
      "y = x" + "[0]".repeat(100_000),
      "y = x" + "()".repeat(100_000),
      "y : " + "List[".repeat(5000) + "int" + "]".repeat(5000) + " = None",
    };
    for (String code : codes) {
      read();
      withBody(code, "").write(file());
      assertEquals(CODE, refusal().entry().get().replaceFirst("^[^/]*/", ""));
    }
    StringBuilder ifs = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      ifs.append(" ".repeat(i)).append("if True:\n");
    }
    read();
    assertRefused(withBody(ifs + " ".repeat(3000) + "pass", ""), CODE, "blocks in one another");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "y = x + x",
        "y = x if x else x",
        "y = lambda: x",
        "y = [i for i in x]",
        "y = 'single'",
        "import os",
        "y = x # comment",
        "y = x;",
        "x += 1",
        "raise x",
        "del x",
        "y = undefined",
        "y = CONSTANTS.c7",
        "return 1 1",
        "y = (x",
        "y = \"open",
        "y = \"\"\"three\"\"\"",
        "y\u00e4 = x",
      })
  void whatTorchDoesNotWriteIsRefused(String line) throws IOException {
    withBody(line, "").write(file());
    assertTrue(refusal().entry().orElse("").endsWith(CODE), refusal().getMessage());
  }

  @Test
  void defaultsThatAreComputedAreRefused() throws IOException {
    String self = "self: __torch__.goldens.ControlFlow";
    String method = "  def g(" + self + ", n: int=torch.factorial(1000)) -> int:\n    return n\n";
    assertRefused(withBody("pass", method), CODE, "'n' has a value that is computed");
    read();
    withBody("pass", method.replace("torch.factorial(1000)", "-5")).write(file());
    ArchiveGuard.check(file());
  }

  @Test
  void debugPicklesAreCheckedToo() throws IOException {
    String name =
        zip.entries().stream()
            .map(TorchZip.Entry::name)
            .filter(n -> n.endsWith("goldens.py.debug_pkl"))
            .findFirst()
            .orElseThrow();
    byte[] sound = zip.get(name);
    byte[] index = pickle("]", "(", "K", 1, "K", 2);
    byte[] altered =
        new String(sound, StandardCharsets.ISO_8859_1)
            .replaceFirst("\\]\\(K\u0001K\u0002", "](K\u0001K\u00f0")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertFalse(Arrays.equals(sound, altered), "has the list " + Arrays.toString(index));
    assertRefused(zip.copy().set(name, altered), "goldens.py.debug_pkl", "the index of a string");
    assertRefused(
        zip.copy().set(name, pickle("\u0080\u0002).")),
        "goldens.py.debug_pkl",
        "that is not empty");
  }

  @Test
  void nestedEntriesOfOtherFoldersDoNotMatter() throws IOException {
    zip.add("__MACOSX/._model", new byte[] {1, 2}).write(file());
    ArchiveGuard.check(file());
  }
}
