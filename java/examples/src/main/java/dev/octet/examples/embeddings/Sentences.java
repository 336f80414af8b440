// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * English sentences about forty subjects, fourteen in a row about each. Every fourth is for
 * calibration, the others are for search and for measuring.
 */
public final class Sentences {
  private static final String FILE = "sentences.txt";
  private static final int CALIBRATION_STEP = 4;

  private Sentences() {}

  /** Returns the 140 sentences for calibration. */
  public static List<String> forCalibration() {
    return part(true);
  }

  /** Returns the 420 other sentences. */
  public static List<String> forSearch() {
    return part(false);
  }

  private static List<String> part(boolean calibration) {
    List<String> all = all();
    List<String> part = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (calibration == (i % CALIBRATION_STEP == 0)) {
        part.add(all.get(i));
      }
    }
    return part;
  }

  private static List<String> all() {
    try (InputStream file = Sentences.class.getResourceAsStream(FILE);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
