import { UsageError } from '../arguments.ts';
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

/** The changes that the options --set, --turns and --seed ask for. */
export const changesOf = (values: {
  readonly set?: readonly string[] | undefined;
  readonly turns?: number | undefined;
  readonly seed?: number | undefined;
}): Change[] => [
  ...(values.set ?? []).map((raw) => readChange('set', raw)),
  ...(values.turns === undefined ? [] : [{ path: ['limits', 'turns'], value: String(values.turns) }]),
  ...(values.seed === undefined ? [] : [{ path: ['seed'], value: String(values.seed) }]),
];
