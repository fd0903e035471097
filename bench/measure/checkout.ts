import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtService } from './built.ts';

/** A router of some checkout, built. */
export interface BuiltRouter {
  readonly commit: string;
  /** Arguments of node: its options, and the program. */
  readonly args: readonly string[];
}

/** The options of Node that a checkout gives its router: those of its npm script. */
const optionsOf = (checkout: string): string[] => {
  const manifest = readFileSync(join(checkout, 'package.json'), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
  const words = scripts.router?.split(' ') ?? [];
  return words.filter((word) => word.startsWith('--'));
};

/** Builds the router of a checkout whose packages are installed. */
export const builtRouter = (checkout: string): BuiltRouter => ({
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).trim(),
  args: [...optionsOf(checkout), builtService('router', checkout)],
});
