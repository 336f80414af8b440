// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.type.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "run",
    description = {
      "Run an artifact on inputs from files, or on random ones, and print or write its outputs.",
      "",
      "Files end in .safetensors or .json; any other is taken for an input's bare elements,"
          + " row-major and little-endian. PyTorch is not needed."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet run --input inputs.safetensors --output outputs.safetensors model.octet",
      "  octet run --input ids=ids.json --input mask=mask.json encoder.octet",
      "  octet run --input x=image.raw --size batch=1 model.octet",
      "  octet run --random --size batch=8 --threads 1 --repeat 100 --profile model.octet",
      "  octet run --random --size batch=8 --device cuda:0 model.octet"
    })
final class RunCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "An artifact, as 'octet quantize' writes it.")
  private Path file;

  @Option(
      names = "--input",
      paramLabel = "[NAME=]FILE",
      description = {
        "A safetensors file or a JSON object with all inputs by name; or the file of one input. Can"
            + " be given several times."
      })
  private List<String> inputs = new ArrayList<>();

  @Option(
      names = "--random",
      description = {
        "Make the inputs that no file gives: floats from the normal distribution; truth values;"
            + " codes of their grids; other integers 0 or 1 unless --range says more."
      })
  private boolean random;

  @Option(
      names = "--range",
      paramLabel = "NAME=LOW:HIGH",
      description = "Whole numbers of a random input, both ends included (--range ids=0:30521).")
  private Map<String, String> ranges = new LinkedHashMap<>();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of random inputs (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private SizeOptions sizes;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write the outputs to a safetensors file; replaced if it is there.")
  private Path output;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      converter = DeviceName.class,
      description =
          "Where to run: cpu, or cuda:N; 'octet version --verbose' lists the CUDA devices, or says"
              + " why there are none (default: ${DEFAULT-VALUE}).")
  private Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "The most CPU threads of a run (default: one for every processor).")
  private int threads;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Runs to measure, after some to warm up if more than one (default: ${DEFAULT-VALUE}).")
  private int repeat;

  @Option(names = "--profile", description = "Print the time of every operation, too.")
  private boolean profile;

  @Option(names = "--json", description = "Print JSON, with all elements of the outputs.")
  private boolean json;

  /** Reads the name of a device. */
  static final class DeviceName implements ITypeConverter<Device> {
    @Override
    public Device convert(String name) {
      try {
        return Device.parse(name);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws IOException {
    if (repeat < 1) {
      throw new ParameterException(spec.commandLine(), "--repeat must be at least 1");
    }
    if (threads < 0) {
      throw new ParameterException(spec.commandLine(), "--threads must be at least 0");
    }
    long start = System.nanoTime();
    SessionOptions options = SessionOptions.defaults().withThreads(threads).withDevice(device);
    try (Session session = Session.open(file, options)) {
      double openMillis = (System.nanoTime() - start) / 1e6;
      sizes.check(session.inputs());
      RunInputs given =
          new RunInputs(session.inputs(), sizes, random ? new RandomInputs(seed, ranges) : null);
      RunReport report = RunReport.of(session, given.read(inputs), openMillis, repeat, profile);
      if (output != null) {
        report.write(output);
      }
      spec.commandLine().getOut().println(json ? Report.json(report) : report.text(output));
    }
    return 0;
  }
}
