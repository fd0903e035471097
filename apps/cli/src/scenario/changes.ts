import { UsageError, wholeNumber } from '../arguments.ts';
import type { Change } from './read-scenario.ts';

/** `cast.bob.model=gpt-4.1-mini`. */
export const readChange = (option: string, raw: string): Change => {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(raw) ?? [];
  if (path === undefined || value === undefined) {
    throw new UsageError(
      `--${option}: expected PATH=VALUE, such as cast.bob.model=gpt-4.1-mini, got ${JSON.stringify(raw)}`,
    );
  }
  return { path: path.trim().split('.'), value };
};

/** The options that change a scenario without changing its file; the same for all commands. */
export const changeOptions = {
  set: { type: 'string', multiple: true },
  turns: { type: 'string' },
  seed: { type: 'string' },
} as const;

export const changesOf = (values: {
  readonly set?: readonly string[] | undefined;
  readonly turns?: string | undefined;
  readonly seed?: string | undefined;
}): Change[] => [
  ...(values.set ?? []).map((raw) => readChange('set', raw)),
  ...(values.turns === undefined
    ? []
    : [{ path: ['limits', 'turns'], value: String(wholeNumber('turns', values.turns, 0, 1_000_000_000)) }]),
  ...(values.seed === undefined
    ? []
    : [{ path: ['seed'], value: String(wholeNumber('seed', values.seed, 0, 2_147_483_647)) }]),
];
