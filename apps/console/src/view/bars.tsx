import type { ComponentChildren } from 'preact';

const [barWidth, gap, height] = [4, 1, 40];

/** Sums of one minute after the other as bars; of several kinds, one upon the other. */
export const Bars = ({
  label,
  values,
}: {
  /** What the picture says, for those who do not see it. */
  readonly label: string;
  readonly values: readonly (readonly number[])[];
}): ComponentChildren => {
  const sums = values.map((kinds) => kinds.reduce((sum, value) => sum + value, 0));
  const most = Math.max(0, ...sums);
  const width = values.length * (barWidth + gap);
  return (
    <svg
      class="bars"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
    >
      <line class="ground" x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
      {values.map((kinds, at) => {
        let top = height;
        return kinds.map((value, kind) => {
          const tall = most > 0 ? (value / most) * (height - 2) : 0;
          top -= tall;
          return tall > 0 ? (
            <rect
              key={`${at} ${kind}`}
              class={`kind-${kind}`}
              x={at * (barWidth + gap)}
              y={top}
              width={barWidth}
              height={tall}
            />
          ) : null;
        });
      })}
    </svg>
  );
};
