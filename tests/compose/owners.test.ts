import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { asRoot, docker } from './deployment.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-owners-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a container that does not start says. */
const told = (...args: string[]): string => {
  try {
    return docker('run', '--rm', '--user', '1000:1000', ...args);
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  }
};

test('a folder for the ledger that belongs to another user is told with its owner and its mode', () => {
  const data = join(folder, 'data');
  asRoot(folder, 'mkdir', '-m', '755', '/x/data');
  const said = told('-e', 'ROUTER_OPEN=true', '-v', `${data}:/data`, 'parley-router');
  expect(said).toMatch(/ROUTER_LEDGER: .* belongs to user 0 \(mode 755\), and this process is user 1000/);
});

test('a secret that belongs to another user is told with its owner and its mode', () => {
  const file = join(folder, 'tokens');
  writeFileSync(file, 'a token of sixteen characters');
  asRoot(folder, 'chown', '0:0', '/x/tokens');
  chmodSync(file, 0o600);
  const said = told('-e', 'ROUTER_TOKENS_FILE=/tokens', '-v', `${file}:/tokens:ro`, 'parley-router');
  expect(said).toMatch(
    /ROUTER_TOKENS_FILE cannot be read: .*belongs to user 0 \(mode 600\), and this process is user 1000/,
  );
});

test('the command line in a folder of another user says whose it is, and writes there as the user that `--user` names', () => {
  const work = join(folder, 'work');
  asRoot(folder, 'mkdir', '-m', '755', '/x/work');
  const scenario = join(repository, 'scenarios/debate.yaml');
  const command = ['parley-cli', 'compose', '/debate.yaml', '--out', 'made.yml'];
  const mounts = ['-v', `${work}:/work`, '-v', `${scenario}:/debate.yaml:ro`];
  expect(told(...mounts, ...command)).toMatch(
    /made\.yml cannot be written: .*\/work belongs to user 0 \(mode 755\), and this process is user 1000.*--user "\$\(id -u\):\$\(id -g\)"/,
  );
  // Docker takes the last of two.
  expect(told('--user', '0:0', ...mounts, ...command)).toBe('');
  expect(asRoot(folder, 'ls', '/x/work')).toBe('made.yml');
});
