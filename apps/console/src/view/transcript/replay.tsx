import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';

/** The maximum pause between two entries. */
const longestMs = 4_000;
const speeds = [1, 2, 5, 20] as const;

/** Replays an ended conversation at a chosen speed. */
export const Replay = ({
  open,
  onChange,
}: {
  readonly open: OpenConversation;
  readonly onChange: () => void;
}): ComponentChildren => {
  const [speed, setSpeed] = useState<number>(2);
  const at = open.replay;
  const isPlaying = at !== undefined;
  const next = at === undefined ? undefined : open.transcript.entry(at + 1);
  const total = open.transcript.count;
  useEffect(() => {
    if (at === undefined) return undefined;
    const now = open.transcript.entry(at);
    const gap = now && next ? next.at - now.at : 500;
    const timer = setTimeout(
      () => {
        open.replay = at + 1 >= total ? undefined : at + 1;
        open.ensure(at + 1, at + 50);
        onChange();
      },
      Math.min(longestMs, Math.max(50, gap / speed)),
    );
    return () => clearTimeout(timer);
  }, [at, next !== undefined, speed]);
  const toggle = () => {
    open.replay = isPlaying ? undefined : 1;
    open.following = !isPlaying;
    open.target = undefined;
    // A scroll of just before this would otherwise look like one that leaves the end.
    if (open.following) scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
    onChange();
  };
  return (
    <div class="replay">
      <button type="button" onClick={toggle}>
        {isPlaying ? 'Stop the replay' : 'Replay'}
      </button>
      <label>
        Speed{' '}
        <select value={String(speed)} onChange={(event) => setSpeed(Number(event.currentTarget.value))}>
          {speeds.map((value) => (
            <option key={value} value={String(value)}>
              {value} ×
            </option>
          ))}
        </select>
      </label>
      {isPlaying && (
        <span class="detail">
          entry {at} of {total}
        </span>
      )}
    </div>
  );
};
