package vigie.peer.detect;

import static vigie.peer.detect.SeriesRow.WINDOW;

/** Plain measures of a window; one object, written anew for each. */
final class WindowShape {
  double mean;
  double meanLastFour;
  double meanBefore;
  double deviation;
  double deviationLastEight;
  double stepLastEight;
  double largestStep;
  double slope;
  double highest;
  double lowest;
  int repeats;
  int crossings;

  void measure(double[] window) {
    measureLevels(window);
    measureSteps(window);
  }

  private void measureLevels(double[] window) {
    double sum = 0;
    double leaning = 0;
    for (int i = 0; i < WINDOW; i++) {
      sum += window[i];
      leaning += (i - (WINDOW - 1) / 2.0) * window[i];
    }
    double lastFour = 0;
    for (int i = WINDOW - 4; i < WINDOW; i++) lastFour += window[i];
    double lastEight = 0;
    highest = Double.NEGATIVE_INFINITY;
    lowest = Double.POSITIVE_INFINITY;
    for (int i = WINDOW - 8; i < WINDOW; i++) {
      double value = window[i];
      lastEight += value;
      if (value > highest) highest = value;
      if (value < lowest) lowest = value;
    }
    mean = sum / WINDOW;
    double squares = 0;
    for (int i = 0; i < WINDOW; i++) squares += (window[i] - mean) * (window[i] - mean);
    double squaresLastEight = 0;
    double meanLastEight = lastEight / 8;
    for (int i = WINDOW - 8; i < WINDOW; i++) {
      squaresLastEight += (window[i] - meanLastEight) * (window[i] - meanLastEight);
    }
    meanLastFour = lastFour / 4;
    meanBefore = (sum - lastFour) / (WINDOW - 4);
    deviation = Math.sqrt(squares / WINDOW);
    deviationLastEight = Math.sqrt(squaresLastEight / 8);
    // Least squares over 32 points: the sum of squared places is 2,728.
    slope = WINDOW * leaning / 2728;
  }

  private void measureSteps(double[] window) {
    double largest = 0;
    double lastEight = 0;
    repeats = 0;
    crossings = 0;
    for (int i = 1; i < WINDOW; i++) {
      double value = window[i];
      double before = window[i - 1];
      double step = Math.abs(value - before);
      if (i >= WINDOW - 8) {
        lastEight += step;
        if (step > largest) largest = step;
      }
      if (i >= WINDOW - 16 && step == 0) repeats += 1;
      if (value > mean != before > mean) crossings += 1;
    }
    largestStep = largest;
    stepLastEight = lastEight / 8;
  }
}
