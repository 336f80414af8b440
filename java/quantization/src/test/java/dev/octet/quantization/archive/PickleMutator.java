// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Changes pickles, mostly so that they stay pickles: opcodes are moved, doubled, given extremes.
 */
final class PickleMutator {
  private static final int[] PLAIN = {
    '(', 'N', 0x88, 0x89, ')', 0x85, 0x86, 0x87, 't', ']', 'a', 'e', '}', 's', 'u', 'R', 'b', 0x81,
    'Q', '.', '0', '2', 'l', 'd'
  };
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    64,
    127,
    255,
    256,
    65535,
    1 << 20,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE / 4 + 1
  };

  private PickleMutator() {}

  static byte[] mutate(byte[] pickle, Random random) {
    List<byte[]> steps = split(pickle);
    if (steps == null || steps.size() < 3 || random.nextInt(8) == 0) {
      return flip(pickle, random);
    }
    for (int i = 1 + random.nextInt(3); i > 0 && steps.size() > 3; i--) {
      mutate(steps, random);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    steps.forEach(out::writeBytes);
    return out.toByteArray();
  }

  private static void mutate(List<byte[]> steps, Random random) {
    int at = 1 + random.nextInt(steps.size() - 2);
    int other = 1 + random.nextInt(steps.size() - 2);
    switch (random.nextInt(9)) {
      case 0 -> steps.remove(at);
      case 1 -> steps.add(at, steps.get(other));
      case 2 -> steps.set(at, steps.get(other));
      case 3 -> steps.set(at, new byte[] {(byte) PLAIN[random.nextInt(PLAIN.length)]});
      case 4 -> steps.add(at, number(EXTREMES[random.nextInt(EXTREMES.length)]));
      case 5 ->
          replaceLike(
              steps, at, random, "KMJ\u008a", number(EXTREMES[random.nextInt(EXTREMES.length)]));
      case 6 -> replaceLike(steps, at, random, "Xc", null);
      case 7 -> replaceLike(steps, at, random, "hj", new byte[] {'h', (byte) random.nextInt(256)});
      default -> {
        int copies = 1 << random.nextInt(12);
        byte[] step =
            random.nextBoolean()
                ? steps.get(at)
                : new byte[] {(byte) PLAIN[random.nextInt(PLAIN.length)]};
        for (int i = 0; i < copies; i++) {
          steps.add(at, step);
        }
      }
    }
  }

  /** Replaces the next opcode of some by another, null: by one of the same kind from elsewhere. */
  private static void replaceLike(
      List<byte[]> steps, int from, Random random, String opcodes, byte[] by) {
    List<byte[]> same = new ArrayList<>();
    int found = -1;
    for (int i = 1; i < steps.size() - 1; i++) {
      if (opcodes.indexOf((char) (steps.get(i)[0] & 0xff)) >= 0) {
        same.add(steps.get(i));
        found = found < from ? i : found;
      }
    }
    if (found >= 0) {
      steps.set(found, by != null ? by : same.get(random.nextInt(same.size())));
    }
  }

  static byte[] number(long value) {
    ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    if (value == (int) value) {
      return Arrays.copyOf(bytes.put((byte) 'J').putInt((int) value).array(), 5);
    }
    return bytes.put((byte) 0x8a).put((byte) 8).putLong(value).array();
  }

  private static byte[] flip(byte[] bytes, Random random) {
    byte[] copy = bytes.clone();
    for (int i = 1 + random.nextInt(3); i > 0 && copy.length > 0; i--) {
      copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return copy;
  }

  /** The opcodes with their arguments; null if the pickle is broken. */
  static List<byte[]> split(byte[] pickle) {
    List<byte[]> steps = new ArrayList<>();
    int at = 0;
    while (at < pickle.length) {
      int length = length(pickle, at);
      if (length <= 0 || at + length > pickle.length) {
        return null;
      }
      steps.add(Arrays.copyOfRange(pickle, at, at + length));
      at += length;
    }
    return steps;
  }

  private static int length(byte[] pickle, int at) {
    switch (pickle[at] & 0xff) {
      case 0x80, 'K', 'q', 'h' -> {
        return 2;
      }
      case 'M' -> {
        return 3;
      }
      case 'J', 'r', 'j' -> {
        return 5;
      }
      case 'G' -> {
        return 9;
      }
      case 0x8a -> {
        return at + 1 < pickle.length ? 2 + (pickle[at + 1] & 0xff) : -1;
      }
      case 'X' -> {
        return at + 5 <= pickle.length
            ? 5 + ByteBuffer.wrap(pickle, at + 1, 4).order(ByteOrder.LITTLE_ENDIAN).getInt()
            : -1;
      }
      case 'c' -> {
        int end = at;
        for (int lines = 0; lines < 2 && end < pickle.length; end++) {
          lines += pickle[end] == '\n' ? 1 : 0;
        }
        return end - at;
      }
      default -> {
        return 1;
      }
    }
  }
}
