import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lookUpFor } from '../src/completion/looked-up.ts';
import { programTree } from '../src/completion/tree.ts';
import { programOf } from '../src/program.ts';
import { commandReference } from '../src/reference.ts';
import { fakeHost, parley } from './command-line.ts';

const tree = programTree(programOf(fakeHost().host));
const paths = tree.commands.flatMap(({ name, commands }) => [
  [name],
  ...commands.map((inner) => [name, inner.name]),
]);

/** What bash offers for the last word of a command line. */
const offered = (script: string, ...words: readonly string[]): string[] => {
  const line = ['parley', ...words].map((word) => `'${word}'`).join(' ');
  const test = `${script}
COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _parley; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', test], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
};

describe('the help of parley', () => {
  it.each(paths.map((path) => [path.join(' '), path] as const))(
    'the help of `parley %s` says what it does, fits 80 columns, and is the same with --help',
    async (_, path) => {
      const { code, out } = await parley(['help', ...path]);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: parley ${path.join(' ')}\\b`));
      expect(out).toMatch(/\n\n[A-Z][^\n]*/);
      expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect((await parley([...path, '--help'])).out).toBe(out);
    },
  );

  it('the overview lists every command in 80 columns', async () => {
    const { out } = await parley(['help']);
    for (const { name } of tree.commands) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(await parley([])).toMatchObject({ code: 0, out });
  });

  it('a group of commands without one of them is refused in words', async () => {
    expect(await parley(['context'])).toMatchObject({ code: 2, err: 'expected a command after context' });
  });

  it('parley prints its version', async () => {
    const { out } = await parley(['--version']);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await parley(['version'])).out).toBe(out);
  });

  it('every command that reads has --json', () => {
    const reading = ['ls', 'show', 'tail', 'watch', 'top', 'diff', 'runs', 'check', 'doctor'];
    for (const name of reading) {
      const command = tree.commands.find((one) => one.name === name);
      expect(
        command?.options.flatMap(({ flags }) => flags),
        name,
      ).toContain('--json');
    }
  });

  it.each([
    [['shout'], /unknown command 'shout'/],
    [['exports'], /Did you mean export\?/],
    [['ls', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['show'], /missing required argument 'ID'/],
    [['show', 'a', 'b'], /too many arguments/],
    [['ls', '--limit', 'few'], /--limit: expected an integer/],
    [['ls', '--member', ''], /--member: expected a text, got ""; leave --member out for all/],
    [['export', '--label', ''], /--label: expected a text/],
    [['export', '--search', ' '], /--search: expected a text, got " "/],
    [['completion', 'powershell'], /expected one of bash, zsh, fish/],
    [['help', 'shout'], /no command shout/],
  ])('the wrong command line %j exits with 2', async (args, problem) => {
    const { code, err } = await parley(args);
    expect([code, err]).toEqual([2, expect.stringMatching(problem)]);
  });
});

describe('docs/cli.md', () => {
  it('docs/cli.md is what `npm run generate` writes', () => {
    const file = new URL('../../../docs/cli.md', import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(commandReference());
  });
});

describe('shell completion', () => {
  it('bash completes commands, commands in commands, options and their values', async () => {
    const { out: script } = await parley(['completion', 'bash']);
    expect(offered(script, '')).toEqual(expect.arrayContaining(tree.commands.map(({ name }) => name)));
    expect(offered(script, 'ex')).toEqual(['export']);
    expect(offered(script, 'context', '')).toEqual(expect.arrayContaining(['add', 'use', 'ls', 'rm']));
    expect(offered(script, 'context', 'add', '--t')).toEqual(['--token-file']);
    expect(offered(script, 'export', '--form')).toEqual(['--format']);
    expect(offered(script, 'export', '--format', '')).toEqual([
      'jsonl',
      'markdown',
      'csv',
      'html',
      'sharegpt',
      'openai',
    ]);
    expect(offered(script, 'export', '--format', 'html', '--st')).toEqual(['--status']);
    // Files come from the shell itself.
    expect(offered(script, 'run', 'scenarios')).toEqual([]);
    expect(offered(script, 'export', '--out', '')).toEqual([]);
  });

  it('bash completes what is looked up, by the beginning that is typed, and gives all words before it', async () => {
    const { out } = await parley(['completion', 'bash']);
    const script = `${out}\nparley() { printf '%s\\tsome words\\n' aa-1 ab-2 "\${*//[- ]/_}"; }`;
    expect(offered(script, 'show', '')).toEqual(['aa-1', 'ab-2', '__complete __ show']);
    expect(offered(script, 'diff', 'aa-1', 'ab')).toEqual(['ab-2']);
    expect(offered(script, 'ls', '--context', 'a')).toEqual(['aa-1', 'ab-2']);
    expect(offered(script, 'seat', '--url', 'u', 'aa-1', '_')).toEqual(['__complete __ seat __url u aa_1']);
    expect(offered(script, 'show', '--js')).toEqual(['--json']);
    expect(offered(script, 'run', 'a')).toEqual([]);
  });

  it.each([
    [['show'], 'conversations'],
    [['show', '--json', '--entries', '3'], 'conversations'],
    [['show', '--entries'], undefined],
    [['show', 'a'], undefined],
    [['show', '--run'], 'runs'],
    [['diff', 'a'], 'conversations'],
    [['export', 'a', 'b', '--format', 'html'], 'conversations'],
    [['open'], 'conversations'],
    [['seat', 'a'], 'members'],
    [['invite', 'a'], 'agents'],
    [['context', 'use'], 'contexts'],
    [['context', 'add'], undefined],
    [['ls', '--context'], 'contexts'],
    [['demo', '--continue'], 'runs'],
    [['run'], undefined],
    [['say', 'a', 'show'], undefined],
    [[], undefined],
  ])('after the words %j %s are looked up', (words, looked) => {
    expect(lookUpFor(tree, words)?.looked).toBe(looked);
  });

  it('a shell looks up candidates at the router that the command line names', () => {
    const found = lookUpFor(tree, ['seat', '--url=http://r:1/?a=b', '--context', 'team', 'a']);
    expect(found?.given).toEqual(['a']);
    expect([...(found?.options ?? [])]).toEqual([
      ['--url', 'http://r:1/?a=b'],
      ['--context', 'team'],
    ]);
  });

  it('nothing is completed and nothing is said where no router answers', async () => {
    expect(await parley(['__complete', '--', 'show', '--url', 'http://127.0.0.1:1'])).toEqual({
      ...{ code: 0, out: '', err: '' },
    });
  });

  it.each(['zsh', 'fish'])('%s knows every command and every option', async (shell) => {
    const { out: script } = await parley(['completion', shell]);
    for (const { name, options } of tree.commands) {
      expect(script).toMatch(new RegExp(`[' ]${name}\\b`));
      for (const flag of options.flatMap(({ flags }) => flags).filter((one) => one.startsWith('--')))
        expect(script).toContain(shell === 'zsh' ? `'${flag}[` : `-l ${flag.slice(2)} `);
    }
    expect(script).not.toContain("'__complete");
    expect(script).toContain(
      shell === 'zsh'
        ? "'*:value:{_parley_looked show}'"
        : "-n '__parley_at '\\''show'\\''' -f -a '(parley __complete",
    );
  });
});
