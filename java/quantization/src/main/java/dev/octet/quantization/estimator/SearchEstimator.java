// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.estimator.BoundedMinimum.FloatFunction;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.QuantizerNotInitializedException;
import java.util.Arrays;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The range with the least loss of quantization.
 *
 * <p>The first batch decides where ranges are searched: up to the margin beyond its greatest
 * magnitude; and, if it has no negative value, only ranges that begin at 0 are tried. Otherwise a
 * symmetric quantizer is tried with symmetric ranges, an asymmetric one also with ranges shifted to
 * either side. A grid search adds up the losses of all batches; golden section looks at the last
 * batch alone. {@link #reset()} forgets losses and interval, but not whether there were negative
 * values.
 *
 * <p>The range has shape [1], or [channels].
 */
public abstract sealed class SearchEstimator extends RangeEstimator
    permits MseEstimator, CrossEntropyEstimator {

  /** Golden section begins at this share of the largest range. */
  private static final double SMALLEST_SHARE = 0.01;

  private final SearchParameters search;
  private final Quantizer quantizer;
  private SearchInterval interval;
  private Boolean oneSided;
  private double[][] losses;
  private Candidates candidates;

  SearchEstimator(
      SearchParameters parameters,
      RangeEstimatorOptions options,
      Quantizer quantizer,
      String typeName) {
    super(parameters, options, typeName);
    if (quantizer == null) {
      throw new IllegalArgumentException(
          "quantizer is null, but the "
              + parameters.type().jsonName()
              + " range estimator needs the quantizer whose error it minimizes");
    }
    this.search = parameters;
    this.quantizer = quantizer;
  }

  /** Returns the losses of all candidates for every group of x: [groups][candidates]. */
  abstract double[][] gridLosses(Tensor x, int groups, Candidates candidates);

  /** Returns the loss of x as a function of the range. */
  abstract RangeLoss lossOf(Tensor x);

  /** Returns the quantizer whose error is minimized. */
  public final Quantizer quantizer() {
    return quantizer;
  }

  /** Tells whether only ranges that begin at 0 are tried; false before the first batch. */
  public final boolean isOneSided() {
    return oneSided != null && oneSided;
  }

  /** Returns the upper end of the widest candidate; 0 before the first batch. */
  public final double maxSearchRange() {
    return interval == null ? 0 : interval.largest();
  }

  /**
   * Returns the losses of a grid search, summed over the batches: f64, shape [groups, candidates +
   * 1] or, with shifted ranges, [groups, candidates + 1, shifts, 2]; the first candidate is the
   * empty range, which has an infinite loss. A new tensor, owned by the caller; null before the
   * first batch.
   */
  public final Tensor lossArray() {
    if (losses == null) {
      return null;
    }
    long[] inner = candidates.shape();
    int excluded = candidates.count() / (int) inner[0];
    double[] values = new double[losses.length * (candidates.count() + excluded)];
    int at = 0;
    for (double[] group : losses) {
      Arrays.fill(values, at, at + excluded, Double.POSITIVE_INFINITY);
      System.arraycopy(group, 0, values, at + excluded, group.length);
      at += excluded + group.length;
    }
    long[] shape = new long[inner.length + 1];
    System.arraycopy(inner, 0, shape, 1, inner.length);
    shape[0] = losses.length;
    shape[1]++;
    return Tensor.create(values, shape);
  }

  @Override
  public final void update(Tensor x) {
    if (x.dim() == 0) {
      throw new IllegalArgumentException(
          "x has no dimensions, but the "
              + type().jsonName()
              + " range estimator needs at least one; reshape it to [1]");
    }
    try (NoGradGuard guard = new NoGradGuard()) {
      int groups = options().perChannel() ? (int) x.size(0) : 1;
      prepare(x, groups);
      Range best =
          search.rangeOptMethod() == RangeOptMethod.GRID
              ? gridSearch(x, groups)
              : goldenSection(x, groups);
      store(best);
    }
  }

  private void prepare(Tensor x, int groups) {
    Range before = current();
    if (before == null) {
      store(Range.vector(new float[groups], new float[groups]));
    } else if (before.min().length != groups) {
      throw new IllegalArgumentException(
          "x has "
              + groups
              + " channels, the batches before had "
              + before.min().length
              + "; call reset() before batches with another number of channels");
    }
    if (interval == null) {
      Range batch = BatchRange.minMax(x, -1);
      interval = SearchInterval.of(batch.min()[0], batch.max()[0], search.rangeMargin());
      if (oneSided == null) {
        oneSided = !(batch.min()[0] < 0);
      }
    }
    if (interval.largest() == 0 && !quantizer.isInitialized()) {
      throw new QuantizerNotInitializedException(
          "the first batch had only zeros and range_margin is 0: there is no range to search. Call"
              + " reset() (resetRanges() of a manager) and begin with data, or set a range_margin");
    }
  }

  private boolean isTwoDimensional() {
    return !oneSided && quantizer.method() == QuantizationMethod.ASYMMETRIC_UNIFORM;
  }

  private Range gridSearch(Tensor x, int groups) {
    candidates =
        isTwoDimensional()
            ? Candidates.twoDimensional(interval, search.numCandidates(), quantizer.nBits())
            : Candidates.oneDimensional(interval, search.numCandidates(), oneSided);
    if (candidates.count() == 0) {
      throw new IllegalArgumentException(
          "n_bits is "
              + quantizer.nBits()
              + ": a grid search of asymmetric ranges has no candidates; expected at least 2 bits");
    }
    double[][] batch = gridLosses(x, groups, candidates);
    if (losses == null) {
      losses = batch;
    } else {
      for (int g = 0; g < groups; g++) {
        for (int k = 0; k < batch[g].length; k++) {
          losses[g][k] += batch[g][k];
        }
      }
    }
    float[] min = new float[groups];
    float[] max = new float[groups];
    for (int g = 0; g < groups; g++) {
      int k = indexOfLeast(losses[g]);
      min[g] = candidates.min()[k];
      max[g] = candidates.max()[k];
    }
    return Range.vector(min, max);
  }

  /** The first NaN, else the first of the least values. */
  private static int indexOfLeast(double[] values) {
    int least = 0;
    for (int k = 0; k < values.length; k++) {
      if (Double.isNaN(values[k])) {
        return k;
      }
      if (values[k] < values[least]) {
        least = k;
      }
    }
    return least;
  }

  private Range goldenSection(Tensor x, int groups) {
    float[] min = new float[groups];
    float[] max = new float[groups];
    for (int g = 0; g < groups; g++) {
      try (Tensor group = options().perChannel() ? x.select(0, g) : x.detach();
          RangeLoss loss = lossOf(group)) {
        double[] best = isTwoDimensional() ? shiftedMinimum(loss) : centeredMinimum(loss);
        min[g] = (float) best[0];
        max[g] = (float) best[1];
      }
    }
    return Range.vector(min, max);
  }

  private double[] centeredMinimum(RangeLoss loss) {
    FloatFunction byWidth = half -> loss.of(oneSided ? 0 : -half, half);
    double half = leastOverWidths(byWidth);
    return new double[] {oneSided ? 0 : -half, half};
  }

  private double[] shiftedMinimum(RangeLoss loss) {
    double half = leastOverWidths(width -> bestShift(loss, width).value());
    double shift = bestShift(loss, half).x();
    return new double[] {-half + shift, half + shift};
  }

  private double leastOverWidths(FloatFunction loss) {
    double largest = interval.largest();
    return BoundedMinimum.find(loss, SMALLEST_SHARE * largest, largest).x();
  }

  private BoundedMinimum.Point bestShift(RangeLoss loss, double half) {
    int bits = quantizer.nBits();
    double most = Candidates.step(half, bits) * Candidates.maxShift(bits);
    return BoundedMinimum.find(shift -> loss.of(-half + shift, half + shift), -most, most);
  }

  @Override
  public final void reset() {
    super.reset();
    interval = null;
    losses = null;
    candidates = null;
  }

  @Override
  final void copyFindings(RangeEstimator other) {
    super.copyFindings(other);
    SearchEstimator from = (SearchEstimator) other;
    interval = from.interval;
    oneSided = from.oneSided;
    candidates = from.candidates;
    if (from.losses != null) {
      losses = Arrays.stream(from.losses).map(double[]::clone).toArray(double[][]::new);
    }
  }
}
