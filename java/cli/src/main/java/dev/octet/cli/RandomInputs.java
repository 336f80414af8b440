// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.runtime.type.Value;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes random inputs. */
final class RandomInputs {
  private static final Pattern RANGE = Pattern.compile("(-?[0-9]{1,18}):(-?[0-9]{1,18})");

  private final Random random;
  private final Map<String, String> ranges;

  /**
   * Makes a source of inputs.
   *
   * @param ranges of whole numbers, "low:high", by input
   */
  RandomInputs(long seed, Map<String, String> ranges) {
    this.random = new Random(seed);
    this.ranges = ranges;
  }

  /** Makes an input. */
  HostTensor make(Value input, long[] shape) {
    HostTensor tensor = HostTensor.allocate(input.name(), input.type(), shape);
    if (input.type().isFloat()) {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.putFloat(i, (float) random.nextGaussian());
      }
      return tensor;
    }
    long low = input.grid() == null ? 0 : input.grid().intMin();
    long high = input.grid() == null ? 1 : input.grid().intMax();
    String range = ranges.get(input.name());
    if (range != null) {
      Matcher ends = RANGE.matcher(range);
      boolean fits = ends.matches();
      if (fits) {
        low = Long.parseLong(ends.group(1));
        high = Long.parseLong(ends.group(2));
        fits =
            low <= high
                && low >= HostTensor.least(input.type())
                && high <= HostTensor.greatest(input.type());
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "--range of input '"
                + input.name()
                + "' is '"
                + range
                + "', expected LOW:HIGH, two whole numbers of type "
                + input.type());
      }
    }
    for (int i = 0; i < tensor.count(); i++) {
      tensor.putLong(i, random.nextLong(low, high + 1));
    }
    return tensor;
  }
}
