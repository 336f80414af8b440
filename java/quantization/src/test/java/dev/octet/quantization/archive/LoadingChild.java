// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.named_attribute_iterator;
import org.bytedeco.pytorch.named_attribute_list;
import org.bytedeco.pytorch.named_module_iterator;
import org.bytedeco.pytorch.named_module_list;

/**
 * A Java process of its own that loads files through libtorch, so that one that crashes or hangs it
 * can be told from one that gives an error. Is started anew after each.
 */
final class LoadingChild implements AutoCloseable {
  private static final String ENDED = "ended";

  private final long limitSeconds;
  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(64);
  private Process process;

  LoadingChild(long limitSeconds) {
    this.limitSeconds = limitSeconds;
  }

  /** Returns "loaded", "refused: why", "crashed" or "hung". */
  String load(Path file) throws IOException, InterruptedException {
    if (process == null || !process.isAlive()) {
      start();
    }
    try {
      process.getOutputStream().write((file + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      stop();
      return "crashed";
    }
    while (true) {
      String line = lines.poll(limitSeconds, TimeUnit.SECONDS);
      if (line == null) {
        stop();
        return "hung";
      }
      if (line.equals(ENDED)) {
        stop();
        return "crashed";
      }
      if (line.startsWith("> ")) {
        return line.substring(2);
      }
    }
  }

  private void start() throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.add("-XX:-CreateCoredumpOnCrash");
    command.add("-XX:ErrorFile=/dev/null");
    command.add("-Dorg.bytedeco.javacpp.nopointergc=true");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(LoadingChild.class.getName());
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    lines.clear();
    Process started = process;
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader in =
                  new BufferedReader(
                      new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                  lines.add(line);
                }
              } catch (IOException e) {
                // The child was stopped.
              }
              if (process == started) {
                lines.add(ENDED);
              }
            });
    reader.setDaemon(true);
    reader.start();
  }

  private void stop() throws InterruptedException {
    Process stopped = process;
    process = null;
    if (stopped != null) {
      stopped.destroyForcibly().waitFor();
    }
    lines.clear();
  }

  @Override
  public void close() throws InterruptedException {
    stop();
  }

  /** Loads the files whose names come in, one a line, and says what came of each. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String file = line;
      String[] result = new String[1];
      Thread thread =
          new Thread(null, () -> result[0] = loaded(file), "loader", ScriptFiles.STACK_BYTES);
      thread.start();
      thread.join();
      System.out.println("> " + result[0]);
      System.out.flush();
    }
  }

  private static String loaded(String file) {
    try (PointerScope scope = new PointerScope()) {
      JitModule module = torch.load(file, new DeviceOptional(new Device("cpu")), true);
      touch(module);
      return "loaded";
    } catch (RuntimeException e) {
      String message = String.valueOf(e.getMessage());
      return "refused: " + message.replace('\n', ' ').substring(0, Math.min(200, message.length()));
    }
  }

  /** Reads all of a model: every element of its tensors, its code and where that came from. */
  private static void touch(JitModule module) {
    named_attribute_list attributes = module.named_attributes();
    named_attribute_iterator end = attributes.end();
    for (var it = attributes.begin(); it.notEquals(end); it.increment()) {
      if (it.access().value().isTensor()) {
        Tensor tensor = it.access().value().toTensor();
        if (tensor.defined() && tensor.numel() > 0) {
          tensor.to(ScalarType.Double).sum().item_double();
        }
      }
    }
    module.dump_to_str(true, true, false).getString();
    named_module_list modules = module.named_modules();
    named_module_iterator last = modules.end();
    for (var it = modules.begin(); it.notEquals(last); it.increment()) {
      JitModule child = it.access().value();
      if (child.find_method("forward").has_value()) {
        child.get_method("forward").graph().toString();
      }
    }
    module.deepcopy();
  }
}
