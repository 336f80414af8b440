// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;

/** Builds the models of {@code models.json}. */
public final class GoldenModels {

  private final Map<String, Module> byPath = new HashMap<>();

  private GoldenModels() {}

  /**
   * Build a model and give it its recorded state.
   *
   * @param model an entry of the list {@code models}
   * @param tensors returns the tensor of a name in {@code models.safetensors}
   * @return a {@link GraphModule}, or, where the model is a single layer, the layer
   */
  public static Module build(JsonNode model, Function<String, Tensor> tensors) {
    Module module = build(model.get("root"));
    load(module, model.get("state"), tensors);
    return module;
  }

  /**
   * Build a model from its description, with any parameter values.
   *
   * @param description a tree of {@code {name, type, args, children}}
   */
  public static Module build(JsonNode description) {
    return new GoldenModels().module(description, "");
  }

  /**
   * Put tensors into a model.
   *
   * @param module the model
   * @param state names of tensors by key of the state dict; must name every key the model has
   * @param tensors returns the tensor of a name
   */
  public static void load(Module module, JsonNode state, Function<String, Tensor> tensors) {
    Map<String, String> names = new LinkedHashMap<>();
    state.fields().forEachRemaining(entry -> names.put(entry.getKey(), entry.getValue().asText()));
    for (StringTensorDict dict : List.of(module.named_parameters(), module.named_buffers())) {
      for (long i = 0; i < dict.size(); i++) {
        String key = dict.get(i).key().getString();
        String name = names.remove(key);
        if (name == null) {
          throw new IllegalArgumentException("the state has no '" + key + "'");
        }
        dict.get(i).value().set_data(tensors.apply(name).clone());
      }
    }
    if (!names.isEmpty()) {
      throw new IllegalArgumentException("the model has no " + names.keySet());
    }
  }

  private Module module(JsonNode node, String path) {
    Module module =
        switch (node.get("type").asText()) {
          case "Shared" -> shared(node.get("of").asText());
          case "Sequential" -> GraphModule.sequential(children(node, path));
          case "Graph" -> graph(node, path);
          default -> GoldenLayers.create(node.get("type").asText(), node.get("args"));
        };
    byPath.put(path, module);
    return module;
  }

  private Module shared(String path) {
    Module module = byPath.get(path);
    if (module == null) {
      throw new IllegalArgumentException("no module at '" + path + "' yet");
    }
    return module;
  }

  private Map<String, Module> children(JsonNode node, String path) {
    Map<String, Module> children = new LinkedHashMap<>();
    for (JsonNode child : node.path("children")) {
      String name = child.get("name").asText();
      children.put(name, module(child, path.isEmpty() ? name : path + "." + name));
    }
    return children;
  }

  private Module graph(JsonNode node, String path) {
    List<String> inputs = texts(node.get("inputs"));
    GraphBuilder builder = GraphModule.builder(inputs.toArray(String[]::new)).typeName("Graph");
    children(node, path).forEach(builder::child);
    Map<String, GraphValue> values = new HashMap<>();
    inputs.forEach(name -> values.put(name, builder.input(name)));
    for (JsonNode statement : node.get("program")) {
      GraphValue[] args =
          texts(statement.get("args")).stream().map(values::get).toArray(GraphValue[]::new);
      values.put(statement.get("out").asText(), statement(builder, statement, args));
    }
    return builder.output(values.get(node.get("result").asText())).build();
  }

  private static GraphValue statement(GraphBuilder b, JsonNode statement, GraphValue[] args) {
    GraphValue x = args[0];
    return switch (statement.get("op").asText()) {
      case "call" -> b.call(statement.get("module").asText(), (Object[]) args);
      case "relu" -> b.relu(x);
      case "gelu" -> b.gelu(x);
      case "tanh" -> b.tanh(x);
      case "sigmoid" -> b.sigmoid(x);
      case "add" -> b.add(x, args[1]);
      case "sub" -> b.sub(x, args[1]);
      case "mul" -> b.mul(x, args[1]);
      case "matmul" -> b.matmul(x, args[1]);
      case "affine" -> b.affine(x, statement.get("a").asDouble(), statement.get("b").asDouble());
      case "reshape" -> b.reshape(x, numbers(statement.get("shape")));
      case "permute" -> b.permute(x, numbers(statement.get("dims")));
      case "transpose" ->
          b.transpose(x, statement.get("dim0").asLong(), statement.get("dim1").asLong());
      case "flatten" -> b.flatten(x, statement.get("start_dim").asLong());
      case "unsqueeze" -> b.unsqueeze(x, statement.get("dim").asLong());
      case "squeeze" -> b.squeeze(x, statement.get("dim").asLong());
      case "select" -> b.select(x, statement.get("dim").asLong(), statement.get("index").asLong());
      case "softmax" -> b.softmax(x, statement.get("dim").asLong());
      case "mean" -> b.mean(x, list(statement.get("dims")), statement.get("keepdim").asBoolean());
      case "concat" -> b.cat(statement.get("dim").asLong(), args);
      case "positions" -> b.positions(x, statement.get("dim").asLong());
      default -> throw new IllegalArgumentException("unknown op in " + statement);
    };
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(each -> texts.add(each.asText()));
    return texts;
  }

  private static List<Long> list(JsonNode array) {
    List<Long> numbers = new ArrayList<>();
    array.forEach(each -> numbers.add(each.asLong()));
    return numbers;
  }

  private static long[] numbers(JsonNode array) {
    return list(array).stream().mapToLong(Long::longValue).toArray();
  }
}
