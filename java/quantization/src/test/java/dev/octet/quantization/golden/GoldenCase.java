// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;

/** One case of the golden set. Its tensors are closed with it. */
final class GoldenCase implements AutoCloseable {
  private final JsonNode node;
  private final Map<String, Tensor> tensors = new HashMap<>();

  private GoldenCase(JsonNode node) {
    this.node = node;
  }

  /** Returns a test for every case of some kinds. */
  static Stream<DynamicTest> tests(Consumer<GoldenCase> check, String... kinds) {
    Set<String> wanted = Set.of(kinds);
    JsonNode cases = GoldenFolder.get().json("index.json").get("cases");
    return StreamSupport.stream(cases.spliterator(), false)
        .filter(node -> wanted.contains(node.get("kind").asText()))
        .map(node -> DynamicTest.dynamicTest(node.get("id").asText(), () -> run(node, check)));
  }

  private static void run(JsonNode node, Consumer<GoldenCase> check) {
    try (PointerScope scope = new PointerScope();
        GoldenCase golden = new GoldenCase(node)) {
      check.accept(golden);
    }
  }

  String id() {
    return node.get("id").asText();
  }

  String kind() {
    return node.get("kind").asText();
  }

  JsonNode params() {
    return node.get("params");
  }

  /** Returns a part of the case, a missing node if it has none. */
  JsonNode get(String name) {
    return node.path(name);
  }

  JsonNode values() {
    return node.path("values");
  }

  List<String> inputs() {
    return strings("inputs");
  }

  List<String> quirks() {
    return strings("quirks");
  }

  boolean expects(String role) {
    return strings("expected").contains(role);
  }

  boolean has(String role) {
    return expects(role) || inputs().contains(role);
  }

  private List<String> strings(String name) {
    List<String> strings = new ArrayList<>();
    node.path(name).forEach(s -> strings.add(s.asText()));
    return strings;
  }

  /** Returns the stage at which the reference raised an exception, or null. */
  String errorStage() {
    return node.has("error") ? node.get("error").get("stage").asText() : null;
  }

  /** Returns the exception that the reference raised. */
  JsonNode error() {
    return node.get("error");
  }

  /** Returns a tensor, which belongs to this case. */
  Tensor tensor(String role) {
    return tensors.computeIfAbsent(
        role, r -> GoldenFolder.get().tensor(node.get("file").asText(), id() + "/" + r));
  }

  /** Throws if the parameters have names that the test does not know. */
  void requireParams(String... known) {
    requireNames("params", params(), known);
  }

  static void requireNames(String what, JsonNode object, String... known) {
    Set<String> unknown = new TreeSet<>();
    object.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(Set.of(known));
    if (!unknown.isEmpty()) {
      throw new AssertionError(what + " has " + unknown + ", which this test does not know");
    }
  }

  @Override
  public void close() {
    tensors.values().forEach(Tensor::close);
  }
}
