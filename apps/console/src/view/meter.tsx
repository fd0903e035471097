import type { ComponentChildren } from 'preact';

/** How much of a limit is used, as a bar and in words; only words where there is no limit. */
export const Meter = ({
  name,
  value,
  limit,
  text,
}: {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly text: string;
}): ComponentChildren => (
  <div class={limit > 0 && value / limit >= 0.8 ? 'meter near' : 'meter'}>
    <dt>{name}</dt>
    <dd>
      {text}
      {limit > 0 && <progress value={Math.min(value, limit)} max={limit} aria-label={`${name}: ${text}`} />}
    </dd>
  </div>
);
