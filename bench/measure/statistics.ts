const sorted = (samples: readonly number[]) => [...samples].sort((a, b) => a - b);

export const median = (samples: readonly number[]): number => {
  const order = sorted(samples);
  const middle = order.length >> 1;
  return order.length % 2 ? order[middle]! : (order[middle - 1]! + order[middle]!) / 2;
};

/** Divides each sample by that of the same round, so that noise that lasts longer than a round cancels out. */
export const ratios = (samples: readonly number[], baseline: readonly number[]): number[] =>
  samples.map((sample, round) => sample / baseline[round]!);

export interface Line {
  slope: number;
  /** Standard error of the slope. */
  error: number;
  /** The value of the line at the mean of x. */
  level: number;
}

/** Ordinary least squares. */
export const regression = (points: readonly (readonly [x: number, y: number])[]): Line => {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(residual / (n - 2) / spreadX), level: meanY };
};
