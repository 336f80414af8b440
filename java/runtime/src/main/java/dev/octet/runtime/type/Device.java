// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where tensors lie and programs run: the CPU, or a CUDA device by its number. Whether a machine
 * has it shows when it is used.
 *
 * @param kind what it is
 * @param index 0 for the CPU; of a CUDA device, its number among those that the process sees
 */
public record Device(Kind kind, int index) {
  private static final String CUDA_NAME = "cuda(?::(\\d{1,4}))?";
  private static final Device CPU = new Device(Kind.CPU, 0);

  /** Kinds of devices, with their numbers in DLPack. */
  public enum Kind {
    CPU(1),
    CUDA(2);

    private final int dlpackType;

    Kind(int dlpackType) {
      this.dlpackType = dlpackType;
    }

    /** Returns the {@code DLDeviceType}. */
    public int dlpackType() {
      return dlpackType;
    }
  }

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException for a negative one, or another than 0 for the CPU
   */
  public Device {
    Objects.requireNonNull(kind, "kind");
    if (index < 0 || kind == Kind.CPU && index != 0) {
      throw new IllegalArgumentException(
          "index is " + index + "; expected " + (kind == Kind.CPU ? "0" : "0 or more"));
    }
  }

  /** Returns the CPU. */
  public static Device cpu() {
    return CPU;
  }

  /** Returns a CUDA device. */
  public static Device cuda(int index) {
    return new Device(Kind.CUDA, index);
  }

  /**
   * Reads a name as PyTorch has them.
   *
   * @param name {@code cpu}, {@code cuda} (which is {@code cuda:0}) or {@code cuda:N}
   * @throws IllegalArgumentException for another one
   */
  public static Device parse(String name) {
    if (name.equals("cpu")) {
      return CPU;
    }
    Matcher cuda = Pattern.compile(CUDA_NAME).matcher(name);
    if (!cuda.matches()) {
      throw new IllegalArgumentException(
          "device is '" + name + "'; expected cpu, cuda or cuda:N, such as cuda:0");
    }
    return cuda(cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
  }

  /** Tells whether it is the CPU. */
  public boolean isCpu() {
    return kind == Kind.CPU;
  }

  /** Returns {@code cpu} or {@code cuda:N}. */
  @Override
  public String toString() {
    return isCpu() ? "cpu" : "cuda:" + index;
  }
}
