import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerOf } from '../harness/command-line.ts';
import { temporaryFolder } from '../harness/parley.ts';
import { program } from '../observe/programs.ts';

/** In the place of `parley __complete`, which asks a router. */
const fishLookup = `function parley; printf '%s\\tsome words\\n' aa-1 ab-2; end`;

const fishTest = `source $argv[1]; ${fishLookup}
for line in $argv[2..]; echo "== $line"; complete -C $line | string replace -r '\\t.*' ''; end`;

const shells = {
  zsh: (script: string) => ['-f', join(import.meta.dirname, 'zsh-candidates.zsh'), script],
  fish: (script: string) => ['--no-config', '-c', fishTest, script],
};

/** What a shell offers for the last word of each line. */
const offered = async (shell: keyof typeof shells, lines: readonly string[]) => {
  const folder = temporaryFolder();
  const script = join(folder, 'parley');
  writeFileSync(script, await answerOf('completion', shell));
  const { stdout } = spawnSync(shell, [...shells[shell](script), ...lines], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' },
    timeout: 60_000,
  });
  const parts = stdout.split(/^== .*\n/m).slice(1);
  return lines.map((line, index) => [line, (parts[index] ?? '').split(/\s+/).filter(Boolean).toSorted()]);
};

const expected: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['parley ex', ['export']],
  ['parley context ', ['add', 'ls', 'rm', 'use']],
  ['parley context add --t', ['--token-file']],
  ['parley context use ', ['aa-1', 'ab-2']],
  ['parley export --form', ['--format']],
  ['parley export --format ', ['csv', 'html', 'jsonl', 'markdown', 'openai', 'sharegpt']],
  ['parley export --out p', ['parley']],
  ['parley show ', ['aa-1', 'ab-2']],
  ['parley diff aa-1 ab', ['ab-2']],
  ['parley ls --context a', ['aa-1', 'ab-2']],
  ['parley run par', ['parley']],
  // A word behind a command that is also the name of a command.
  ['parley say aa-1 show --en', []],
];

describe.each(Object.keys(shells) as (keyof typeof shells)[])('completion in %s', (shell) => {
  it.skipIf(!program(shell))(
    'the shell offers commands, options, their values, files and what is looked up, and nothing of other commands',
    async () => {
      expect(
        await offered(
          shell,
          expected.map(([line]) => line),
        ),
      ).toEqual(expected);
    },
  );
});
