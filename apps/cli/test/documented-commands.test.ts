import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programTree } from '../src/completion/tree.ts';
import { programOf } from '../src/program.ts';
import { fakeHost } from './command-line.ts';

const repository = resolve(import.meta.dirname, '../../..');
const tree = programTree(programOf(fakeHost().host));

/** Where a command line of `parley` begins: at the beginning of a command, behind variables, npm, npx or Compose. */
const called =
  /^(?:[A-Z_]+=\S* )*(?:npm run -s parley --|npx parley|docker compose (?:[^|;&]* )?run (?:-\S+ )*parley|parley)(?: (.*))?$/;
/** What ends a command in a shell, outside of quotes. */
const ends = /\s*(?:\|\|?|&&|;|#|\$\(|\)|<|>)\s*/;
const quoted = /'[^']*'|"(?:\\.|[^"\\])*"/g;

/** The command lines of `parley` in a piece of code, without `parley` itself; quoted texts are one word. */
const commandsIn = (code: string): string[] =>
  code
    .replaceAll(/\\\n\s*/g, ' ')
    .replaceAll(/"?\$\((.*?)\)"?/g, '\n$1\nx')
    .replaceAll(quoted, 'QUOTED')
    .split('\n')
    .flatMap((line) => line.trim().replace(/^\$ /, '').split(ends))
    .flatMap((command) => called.exec(command)?.[1]?.trim() ?? []);

/** What is wrong with a command line; undefined where nothing is known to be. */
const problemOf = (line: string): string | undefined => {
  let command = tree;
  let isPath = true;
  for (const word of line.split(/\s+/)) {
    const inner = isPath ? command.commands.find(({ name }) => name === word) : undefined;
    if (inner) command = inner;
    else if (command === tree && !word.startsWith('-') && word !== 'help' && !/^[A-Z…]/.test(word))
      return `there is no command ${word}`;
    else isPath = false;
    if (word === 'help' || command.name === 'router') return undefined;
    const [flag = ''] = word.split('=');
    const known = ['--help', '-h', ...command.options.flatMap(({ flags }) => flags)];
    if (/^--?[a-z]/.test(flag) && !known.includes(flag)) return `parley ${command.name} has no ${flag}`;
  }
  return undefined;
};

const pages = globSync(['*.md', 'docs/*.md', 'docs/how-to/*.md', 'deploy/**/*.md'], { cwd: repository })
  // The history tells of commands as they were, and docs/cli.md is generated from the commands.
  .filter((path) => !['CHANGELOG.md', 'docs/cli.md'].includes(path))
  .toSorted();
const written = pages.map((page) => {
  const text = readFileSync(resolve(repository, page), 'utf8');
  const blocks = [...text.matchAll(/^ *```(?:sh|text|console)?\n([\s\S]*?)^ *```$/gm)].map(
    ([, code = '']) => code,
  );
  const spans = [...text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)].map(
    ([, code = '']) => code.replaceAll(/\s+/g, ' '),
  );
  return { page, commands: [...blocks, ...spans].flatMap(commandsIn) };
});

describe('The commands of parley in the documents', () => {
  it('the commands are found in blocks and in the text', () => {
    const all = written.flatMap(({ commands }) => commands);
    expect(all.length).toBeGreaterThan(100);
    expect(all).toEqual(expect.arrayContaining(['demo --turns 4', 'batch FILE --one-process', 'doctor']));
  });

  it.each(written)('every command in $page exists, with its options', ({ commands }) => {
    expect(commands.map((line) => [line, problemOf(line)]).filter(([, problem]) => problem)).toEqual([]);
  });

  it('a command or an option that does not exist is found', () => {
    expect(problemOf('shout loudly')).toBe('there is no command shout');
    expect(problemOf('export ID --shout html')).toBe('parley export has no --shout');
    expect(problemOf('context add team --token-file=token --url u')).toBeUndefined();
    expect(commandsIn('FORK=$(parley fork "$ID" --turn 4)\nROUTER_PORT=1 parley ls -q | head')).toEqual([
      'fork QUOTED --turn 4',
      'ls -q',
    ]);
  });
});
