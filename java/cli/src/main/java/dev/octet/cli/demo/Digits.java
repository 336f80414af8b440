// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;

/**
 * The hand-written digits that come with Octet (see NOTICE), split into three parts that share no
 * image: for training, for calibration, and for the figures that are reported.
 *
 * <p>Images are {@code [n, 1, 8, 8]} in f32 from 0 to 1, labels {@code [n]} in s64.
 */
final class Digits implements AutoCloseable {
  private static final String RESOURCE = "digits.csv.gz";
  static final int SIDE = 8;
  private static final int PIXELS = SIDE * SIDE;
  private static final float WHITE = 16f;

  /** Images and their labels. */
  record Part(Tensor images, Tensor labels) implements AutoCloseable {
    int size() {
      return (int) images.size(0);
    }

    @Override
    public void close() {
      images.close();
      labels.close();
    }
  }

  private final Part train;
  private final Part calibration;
  private final Part test;

  private Digits(Part train, Part calibration, Part test) {
    this.train = train;
    this.calibration = calibration;
    this.test = test;
  }

  /**
   * Reads the data and deals it out at random: 2/3 to training, 1/9 to calibration, the rest to
   * test.
   */
  static Digits load(long seed) throws IOException {
    List<int[]> rows = read();
    Collections.shuffle(rows, new Random(seed));
    int trainEnd = rows.size() * 2 / 3;
    int calibrationEnd = trainEnd + rows.size() / 9;
    return new Digits(
        part(rows.subList(0, trainEnd)),
        part(rows.subList(trainEnd, calibrationEnd)),
        part(rows.subList(calibrationEnd, rows.size())));
  }

  private static List<int[]> read() throws IOException {
    List<int[]> rows = new ArrayList<>();
    try (InputStream in = Digits.class.getResourceAsStream(RESOURCE);
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(in), StandardCharsets.US_ASCII))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        String[] cells = line.split(",");
        if (cells.length != PIXELS + 1) {
          throw new IOException(
              RESOURCE + ", line " + (rows.size() + 1) + " has " + cells.length + " cells");
        }
        int[] row = new int[cells.length];
        for (int i = 0; i < cells.length; i++) {
          row[i] = (int) Double.parseDouble(cells[i]);
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static Part part(List<int[]> rows) {
    float[] pixels = new float[rows.size() * PIXELS];
    long[] labels = new long[rows.size()];
    for (int i = 0; i < rows.size(); i++) {
      int[] row = rows.get(i);
      for (int j = 0; j < PIXELS; j++) {
        pixels[i * PIXELS + j] = row[j] / WHITE;
      }
      labels[i] = row[PIXELS];
    }
    return new Part(
        Tensor.create(pixels, rows.size(), 1, SIDE, SIDE), Tensor.create(labels, rows.size()));
  }

  Part train() {
    return train;
  }

  Part calibration() {
    return calibration;
  }

  Part test() {
    return test;
  }

  @Override
  public void close() {
    train.close();
    calibration.close();
    test.close();
  }
}
