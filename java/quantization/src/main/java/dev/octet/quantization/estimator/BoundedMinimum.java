// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

/**
 * Finds a minimum of a function of one variable within an interval.
 *
 * <p>Brent's method: golden-section steps, and steps to the vertex of the parabola through the
 * three best points where those go well. From R. P. Brent, Algorithms for Minimization without
 * Derivatives, 1973, chapter 5, with the tolerances and the end of the search that SciPy's {@code
 * minimize_scalar(method="bounded")} documents.
 */
final class BoundedMinimum {
  private static final double X_TOLERANCE = 1e-5;
  private static final int MAX_EVALUATIONS = 500;
  private static final double SQRT_EPSILON = Math.sqrt(2.2e-16);
  private static final double GOLDEN = 0.5 * (3 - Math.sqrt(5));

  private final FloatFunction function;
  private double left;
  private double right;

  // The best point, the second best, and the one that was second best before; their values.
  private double best;
  private double second;
  private double third;
  private float atBest;
  private float atSecond;
  private float atThird;

  // The last step and the one before it.
  private double step;
  private double stepBefore;

  private BoundedMinimum(FloatFunction function, double left, double right) {
    this.function = function;
    this.left = left;
    this.right = right;
  }

  /** A function whose values are 32-bit floats, as sums of losses are. */
  @FunctionalInterface
  interface FloatFunction {
    float at(double x);
  }

  /**
   * A minimum.
   *
   * @param x where it is
   * @param value the function there
   */
  record Point(double x, float value) {}

  static Point find(FloatFunction function, double left, double right) {
    return new BoundedMinimum(function, left, right).run();
  }

  private Point run() {
    best = left + GOLDEN * (right - left);
    second = best;
    third = best;
    atBest = function.at(best);
    atSecond = atBest;
    atThird = atBest;
    for (int evaluations = 1; evaluations < MAX_EVALUATIONS; evaluations++) {
      double middle = 0.5 * (left + right);
      double tolerance = SQRT_EPSILON * Math.abs(best) + X_TOLERANCE / 3;
      if (!(Math.abs(best - middle) > 2 * tolerance - 0.5 * (right - left))) {
        break;
      }
      if (!parabolicStep(middle, tolerance)) {
        stepBefore = best >= middle ? left - best : right - best;
        step = GOLDEN * stepBefore;
      }
      double x = best + direction(step) * Math.max(Math.abs(step), tolerance);
      take(x, function.at(x));
    }
    return new Point(best, atBest);
  }

  /** Sets the step to the vertex of the parabola, if that is within bounds and converges. */
  private boolean parabolicStep(double middle, double tolerance) {
    if (!(Math.abs(stepBefore) > tolerance)) {
      return false;
    }
    double r = (best - second) * (atBest - atThird);
    double q = (best - third) * (atBest - atSecond);
    double p = (best - third) * q - (best - second) * r;
    q = 2 * (q - r);
    if (q > 0) {
      p = -p;
    }
    q = Math.abs(q);
    double limit = stepBefore;
    stepBefore = step;
    boolean acceptable =
        Math.abs(p) < Math.abs(0.5 * q * limit) && p > q * (left - best) && p < q * (right - best);
    if (!acceptable) {
      return false;
    }
    step = p / q;
    double x = best + step;
    if (x - left < 2 * tolerance || right - x < 2 * tolerance) {
      step = tolerance * direction(middle - best);
    }
    return true;
  }

  private static double direction(double value) {
    return value == 0 ? 1 : Math.signum(value);
  }

  private void take(double x, float atX) {
    if (atX <= atBest) {
      if (x >= best) {
        left = best;
      } else {
        right = best;
      }
      third = second;
      atThird = atSecond;
      second = best;
      atSecond = atBest;
      best = x;
      atBest = atX;
      return;
    }
    if (x < best) {
      left = x;
    } else {
      right = x;
    }
    if (atX <= atSecond || second == best) {
      third = second;
      atThird = atSecond;
      second = x;
      atSecond = atX;
    } else if (atX <= atThird || third == best || third == second) {
      third = x;
      atThird = atX;
    }
  }
}
