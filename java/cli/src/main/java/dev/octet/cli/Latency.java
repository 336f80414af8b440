// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;
import org.apache.commons.math3.stat.descriptive.DescriptiveStatistics;

/**
 * How long runs took, in milliseconds.
 *
 * @param runs how many were measured
 */
record Latency(
    int runs,
    @JsonProperty("mean_ms") double mean,
    @JsonProperty("min_ms") double min,
    @JsonProperty("p50_ms") double p50,
    @JsonProperty("p90_ms") double p90,
    @JsonProperty("p99_ms") double p99,
    @JsonProperty("max_ms") double max) {
  private static final int MOST_WARM_UPS = 10;

  /** Runs something some times to warm up and then as often as is measured. */
  static Latency measure(Runnable run, int runs) {
    for (int i = 0; i < Math.min(MOST_WARM_UPS, runs); i++) {
      run.run();
    }
    double[] millis = new double[runs];
    for (int i = 0; i < runs; i++) {
      long start = System.nanoTime();
      run.run();
      millis[i] = (System.nanoTime() - start) / 1e6;
    }
    DescriptiveStatistics statistics = new DescriptiveStatistics(millis);
    return new Latency(
        runs,
        statistics.getMean(),
        statistics.getMin(),
        statistics.getPercentile(50),
        statistics.getPercentile(90),
        statistics.getPercentile(99),
        statistics.getMax());
  }

  String text() {
    return String.format(
        Locale.ROOT,
        "%d runs: mean %.3f ms, min %.3f, p50 %.3f, p90 %.3f, p99 %.3f, max %.3f",
        runs,
        mean,
        min,
        p50,
        p90,
        p99,
        max);
  }
}
