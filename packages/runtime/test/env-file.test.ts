import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEnvFile, problemsOf, withEnvFile } from '../src/index.ts';

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'parley-env-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};
const fileWith = (content: string | Buffer): string => {
  const file = join(folder(), '.env');
  writeFileSync(file, content);
  return file;
};

/** Lines with what Docker Compose 2.26 read from them. */
const readAlike: readonly (readonly [string, string])[] = [
  ['A=abc#def', 'abc#def'],
  ['A=abc #def', 'abc'],
  ['A=#c', '#c'],
  ['A=price: $5 a cup', 'price: $5 a cup'],
  ['A=$$x', '$x'],
  ['A=a$', 'a$'],
  ["A='x$HOME # y'", 'x$HOME # y'],
  ['A="a\\nb"', 'a\nb'],
  ["A='a\\nb'", 'a\\nb'],
  ['A=a\\nb', 'a\\nb'],
  ["A=it's", "it's"],
  ['A=say "x"', 'say "x"'],
  ['export A=b', 'b'],
  ['A = b ', 'b'],
  ['A=`x y`', '`x y`'],
  ["A='it\\'s'", "it's"],
  ['A="say \\"x\\""', 'say "x"'],
  ['A="\\$x"', '$x'],
  ['A="$5"', '$5'],
  ['A=', ''],
  ['A="x" # c', 'x'],
  ['A="x"#c', 'x'],
  ['A="x\ny"', 'x\ny'],
  ["A='x\ny'", 'x\ny'],
  ['A=a=b', 'a=b'],
  ['A=é😀', 'é😀'],
  ['A=1\nA=2', '2'],
  ['A=1\r\n', '1'],
  ['\uFEFFA=1', '1'],
  ["A='a\\\\b'", 'a\\\\b'],
  ['A="a\\\\b"', 'a\\b'],
];

describe('parseEnvFile', () => {
  it.each(readAlike)('parseEnvFile reads %j as Docker Compose reads it', (line, value) => {
    expect(parseEnvFile(line, '.env').A).toBe(value);
  });

  it.each([
    ['A=x $HOME y', /\.env:1: A: .*single quotes/],
    ['A="x $HOME"', /single quotes/],
    ['A=\\$x', /single quotes/],
    ['A="abc', /has no "/],
    ["A='abc", /has no '/],
    ['A= # comment', /comment on a line of its own/],
    ['A=x\t#y', /tab/],
    ['A="x" y', /follows the closing quote/],
    ['A="\\x"', /double quotes/],
    ['A: yaml', /expected NAME=value/],
    ['A B=1', /expected NAME=value/],
    ['=x', /expected NAME=value/],
    ['1A=x', /expected NAME=value/],
  ])('parseEnvFile refuses %j, which two readers could read in two ways, and names the line', (line, why) => {
    expect(problemsOf(() => parseEnvFile(`# first\n\n${line}`, '.env'))[0]).toMatch(
      new RegExp(`^\\.env:3: .*${why.source.replace('\\.env:1: ', '')}`),
    );
  });

  it('parseEnvFile refuses lines that end with a carriage return alone, which would be one value', () => {
    expect(problemsOf(() => parseEnvFile('# first\r\nA=1\rB=2\r', '.env'))).toEqual([
      '.env:2: the line ends with a carriage return alone: save the file again with other line ends',
    ]);
  });

  it('parseEnvFile lists the problems of all lines at once', () => {
    const problems = problemsOf(() => parseEnvFile('A=$HOME\nB=1\nC="x\nD=2', '.env'));
    expect(problems.map((problem) => problem.slice(0, 9))).toEqual(['.env:1: A', '.env:3: C']);
  });

  it('parseEnvFile reads every value in single quotes unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (raw) => {
        const value = raw.replaceAll('\r\n', '\n').replaceAll(/[\0\\]/g, '');
        const written = `A='${value.replaceAll("'", "\\'")}'\nB=1`;
        expect(parseEnvFile(written, '.env')).toEqual({ A: value, B: '1' });
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe('withEnvFile', () => {
  it('withEnvFile lets the environment override the file', () => {
    const file = fileWith('A=file\nB=file\n');
    expect(withEnvFile({ A: 'environment' }, file)).toEqual({ A: 'environment', B: 'file' });
  });

  it('withEnvFile needs no file', () => {
    expect(withEnvFile({ A: '1' }, join(folder(), '.env'))).toEqual({ A: '1' });
  });

  it('withEnvFile refuses a file in another encoding and names the line', () => {
    const latin = fileWith(Buffer.from('# ok\nAGENT_TOPIC=caf\xe9\n', 'latin1'));
    expect(problemsOf(() => withEnvFile({}, latin))[0]).toMatch(/\.env:2: is not UTF-8/);
    const utf16 = fileWith(Buffer.from('\ufeffA=1\n', 'utf16le'));
    expect(problemsOf(() => withEnvFile({}, utf16))[0]).toMatch(/UTF-16.*save it again as UTF-8/);
  });
});

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
if (!hasCompose && process.env.CI === 'true') throw new Error('docker compose is needed: see .ci/packages');

describe.skipIf(!hasCompose)('the docker compose command on this machine', () => {
  /** What a service is given. `config` doubles each $ so that its output can be read again. */
  const composed = (content: string): string | undefined => {
    const place = folder();
    writeFileSync(join(place, '.env'), content);
    writeFileSync(join(place, 'compose.yml'), 'services: { a: { image: x, env_file: [.env] } }\n');
    const { stdout } = spawnSync('docker', ['compose', '-f', 'compose.yml', 'config', '--format', 'json'], {
      cwd: place,
      encoding: 'utf8',
    });
    return JSON.parse(stdout).services.a.environment.A?.replaceAll('$$', '$');
  };

  it('the docker compose command of this machine reads each accepted line as parseEnvFile does', {
    timeout: 60_000,
  }, () => {
    const different = readAlike
      .map(([line]) => [line, parseEnvFile(line, '.env').A, composed(line)] as const)
      .filter(([, ours, theirs]) => ours !== theirs);
    expect(different).toEqual([]);
  });
});
