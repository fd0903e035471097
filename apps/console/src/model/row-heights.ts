/**
 * The positions of the rows of a long list of which most were never drawn. Each row has a measured height or an estimate. It is a
 * Fenwick tree, so that a change and a look-up take logarithmic time.
 */
export class RowHeights {
  readonly #estimate: number;
  #heights = new Float64Array(0);
  /** Sums of the heights, as differences from the estimate. */
  #sums = new Float64Array(1);
  #count = 0;

  constructor(estimate: number) {
    this.#estimate = estimate;
  }

  get count(): number {
    return this.#count;
  }

  /** Adds rows with the estimate at the end. Rows are never removed. */
  grow(count: number): void {
    if (count <= this.#count) return;
    if (count > this.#heights.length) {
      const capacity = Math.max(count, this.#heights.length * 2, 256);
      const heights = new Float64Array(capacity).fill(this.#estimate);
      heights.set(this.#heights.subarray(0, this.#count));
      this.#heights = heights;
      this.#sums = new Float64Array(capacity + 1);
      for (let i = 0; i < this.#count; i++) this.#add(i, (heights[i] as number) - this.#estimate);
    }
    this.#count = count;
  }

  height(row: number): number {
    return this.#heights[row] ?? this.#estimate;
  }

  /** Returns the change of the height of the row. */
  set(row: number, height: number): number {
    const change = height - this.height(row);
    if (change === 0 || row >= this.#count) return 0;
    this.#heights[row] = height;
    this.#add(row, change);
    return change;
  }

  /** The top of a row. For the row after the last one, it is the height of the list. */
  offset(row: number): number {
    let sum = row * this.#estimate;
    for (let i = row; i > 0; i -= i & -i) sum += this.#sums[i] as number;
    return sum;
  }

  /** The row at a distance from the top. */
  at(distance: number): number {
    let low = 0;
    let high = Math.max(0, this.#count - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offset(middle) <= distance) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #add(row: number, change: number): void {
    for (let i = row + 1; i < this.#sums.length; i += i & -i)
      this.#sums[i] = (this.#sums[i] as number) + change;
  }
}
