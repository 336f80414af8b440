// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import dev.octet.quantization.archive.ScriptFiles;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;

/**
 * Imports TorchScript files, written by {@code torch.jit.save} of a traced or scripted model.
 *
 * <p>Files of models that were frozen or inlined have no module calls: their linear layers,
 * convolutions, normalizations and embeddings are rebuilt from the operators.
 *
 * <p>Every submodule keeps its dotted name. Classes of torch.nn become the presets' modules, which
 * have the file's parameters; every other class becomes a {@link GraphModule} with its own recorded
 * methods. The model is in the modes in which it was saved.
 */
public final class TorchScriptImporter {

  private TorchScriptImporter() {}

  /**
   * Import a file.
   *
   * @param file a TorchScript archive; tensors of other devices are loaded to the CPU
   * @return the model and a report
   * @throws IllegalArgumentException if the file is of another kind, damaged, or has a part that
   *     cannot be imported ({@link TorchScriptImportException})
   * @throws IOException if the file cannot be read
   */
  public static ImportedModel load(Path file) throws IOException {
    try (JitModule module = ScriptFiles.load(file)) {
      return of(module);
    }
  }

  /**
   * Import a module that libtorch has loaded.
   *
   * @param module the module; it shares its tensors with the imported model
   * @return the model and a report
   * @throws TorchScriptImportException if it has a part that cannot be imported
   */
  public static ImportedModel of(JitModule module) {
    List<String> notes = new ArrayList<>();
    try (ObjectImporter objects = new ObjectImporter(notes)) {
      ScriptObject root = objects.object(new JitModule(module), "");
      if (root.imported instanceof GraphModule graph) {
        recordMethods(objects, root, graph, notes);
      }
      objects.restoreModes();
      Module model =
          root.imported instanceof GraphModule graph
              ? FrozenGraphs.rebuild(graph, objects.layers(), notes)
              : root.imported;
      return new ImportedModel(model, ImportReport.of(model, notes));
    } catch (StackOverflowError e) {
      throw new TorchScriptImportException(
          "", null, null, "it is nested too deeply to be a model", e);
    }
  }

  private static void recordMethods(
      ObjectImporter objects, ScriptObject root, GraphModule graph, List<String> notes) {
    if (root.hasMethod(GraphMethod.FORWARD)) {
      objects.record(root, graph, GraphMethod.FORWARD);
    }
    for (String method : root.type.methods) {
      try {
        objects.record(root, graph, method);
      } catch (TorchScriptImportException e) {
        notes.add("method '" + method + "' of the root is left out: " + e.getMessage());
      }
    }
  }
}
