import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { type TurnTime, turnTimes } from '../../model/turn-times.ts';
import { count } from '../../model/words.ts';
import { useClock } from '../use.ts';

const [mostTurns, lookedBack] = [40, 160];
const [barWidth, gap, height] = [6, 2, 64];

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;

const picture = (times: readonly TurnTime[]): ComponentChildren => {
  if (times.length === 0) return null;
  const most = Math.max(1, ...times.map(({ waitMs, modelMs = 0 }) => waitMs + modelMs));
  const tall = (ms: number) => (ms / most) * (height - 2);
  const sum = (of: (time: (typeof times)[number]) => number) => times.reduce((all, one) => all + of(one), 0);
  const timed = times.filter(({ modelMs }) => modelMs !== undefined).length;
  const longest = times.reduce((one, other) => (other.waitMs > one.waitMs ? other : one));
  const words = [
    `The newest ${count(times.length, 'turn')}: waited ${seconds(sum(({ waitMs }) => waitMs) / times.length)} on average`,
    timed > 0 && `model ${seconds(sum(({ modelMs = 0 }) => modelMs) / timed)}`,
    longest.waitMs >= 100 && `longest wait ${seconds(longest.waitMs)} before entry ${longest.seq}`,
  ].filter(Boolean);
  return (
    <section aria-labelledby="time-title">
      <h2 id="time-title">Time</h2>
      <svg
        id="times"
        class="times"
        role="img"
        aria-label={`${words.join(', ')}.`}
        viewBox={`0 0 ${mostTurns * (barWidth + gap)} ${height}`}
      >
        {times.map(({ seq, from, waitMs, modelMs = 0 }, at) => (
          <g key={seq}>
            <title>{`Entry ${seq}, ${from}: waited ${seconds(waitMs)}, model ${seconds(modelMs)}`}</title>
            <rect class="hit" x={at * (barWidth + gap)} y="0" width={barWidth + gap} height={height} />
            <rect
              class="model"
              x={at * (barWidth + gap)}
              y={height - tall(modelMs)}
              width={barWidth}
              height={tall(modelMs)}
            />
            <rect
              class="wait"
              x={at * (barWidth + gap)}
              y={height - tall(modelMs) - tall(waitMs)}
              width={barWidth}
              height={tall(waitMs)}
            />
          </g>
        ))}
      </svg>
      <p class="detail" aria-hidden="true">
        <span class="key model" /> model <span class="key wait" /> wait · {words.join(' · ')}
      </p>
    </section>
  );
};

/** The wait and the time of the model of the newest turns, as bars. */
export const TimePanel = ({ open }: { readonly open: OpenConversation }): ComponentChildren => {
  const { transcript, count: last } = open;
  const first = Math.max(1, last - lookedBack);
  useEffect(() => open.ensure(first, last));
  useClock(1_000, true);
  // A fast conversation changes in each frame: the picture does so twice a second.
  const drawn = useRef<{ readonly at: number; readonly times: readonly TurnTime[] }>(undefined);
  const now = Date.now();
  if (!drawn.current || now - drawn.current.at >= 500) {
    const loaded = Array.from({ length: last - first + 1 }, (_, i) => transcript.entry(first + i));
    drawn.current = { at: now, times: turnTimes(loaded).slice(-mostTurns) };
  }
  const { times } = drawn.current;
  return useMemo(() => picture(times), [times]);
};
