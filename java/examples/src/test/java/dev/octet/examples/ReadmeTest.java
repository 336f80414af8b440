// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every Java snippet of the README stands in an example, between markers. */
class ReadmeTest {
  private static final Pattern SNIPPET = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern MARKED =
      Pattern.compile("// README: (?!end)\\w+\\n(.*?)// README: end", Pattern.DOTALL);

  @Test
  void snippetsAreThoseOfTheExamples() throws IOException {
    Path root = Path.of(System.getProperty("octet.root"));
    Set<String> inReadme = new LinkedHashSet<>();
    Matcher snippet = SNIPPET.matcher(Files.readString(root.resolve("README.md")));
    while (snippet.find()) {
      inReadme.add(normal(snippet.group(1)));
    }
    Set<String> inExamples = new LinkedHashSet<>();
    try (Stream<Path> sources = Files.walk(root.resolve("java/examples/src/main/java"))) {
      for (Path source : (Iterable<Path>) sources.filter(Files::isRegularFile)::iterator) {
        Matcher marked = MARKED.matcher(Files.readString(source));
        while (marked.find()) {
          inExamples.add(normal(marked.group(1)));
        }
      }
    }
    assertFalse(inExamples.isEmpty());
    assertEquals(inExamples, inReadme);
  }

  private static String normal(String code) {
    return code.strip().replaceAll("\\s+", " ");
  }
}
