import type { ComponentChildren } from 'preact';

/** The used part of a limit as a bar and as text; only text without a limit. */
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
