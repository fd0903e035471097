import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../harness/parley.ts';
import { repository, StartedProcess } from '../harness/started-process.ts';
import { documentedPage } from './documented-blocks.ts';

/**
 * In the folder of a reader `npm run` would run in the checkout; here the files that the page tells to save are elsewhere. So the
 * scripts are run as package.json has them, but in the folder of the test.
 */
const commands = `
npm() {
  [ "$1 $2" = "run -s" ] || { echo "no such npm command in a test: $*" >&2; return 1; }
  local script=$3; shift 3; [ "\${1:-}" != -- ] || shift
  case $script in
    parley) "$NODE" "$CHECKOUT/apps/cli/src/main.ts" "$@" ;;
    router) "$NODE" --expose-gc "$CHECKOUT/services/router/src/main.ts" "$@" ;;
    agent) "$NODE" "$CHECKOUT/services/agent/src/main.ts" "$@" ;;
    *) echo "no such script in a test: $script" >&2; return 1 ;;
  esac
}
npx() { [ "$1" = node ] && shift && "$NODE" "$@"; }
python3() { "\${PYTHON:-/usr/bin/python3}" -u "$@"; }
curl() { "$NODE" -e 'fetch(process.argv.at(-1)).then(async (one) => { process.stdout.write(await one.text()); process.exitCode = one.ok ? 0 : 22; })' -- "$@"; }
`;

/** The time that one block may take. It only ends a block that hangs. */
const deadlineMs = 90_000;

export interface SessionOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What is different in a test: a port that is free, a pace that no reader needs. */
  readonly adapted?: (code: string) => string;
}

/** The commands of one page, typed into shells as a reader does: one for the blocks in order, one for each that stays. */
export class ShellSession {
  readonly folder = temporaryFolder();
  readonly env: Record<string, string>;
  readonly #page: ReturnType<typeof documentedPage>;
  readonly #adapted: (code: string) => string;
  #shell: StartedProcess | undefined;
  #typed = 0;

  constructor(page: string, { env = {}, adapted = (code) => code }: SessionOptions = {}) {
    this.#page = documentedPage(page);
    this.#adapted = adapted;
    this.env = {
      ...{ NODE: process.execPath, CHECKOUT: repository, AGENT_MODEL_KIND: 'rehearsal' },
      ...{ AGENT_REHEARSAL_DELAY_MS: '1', ROUTER_PORT: '0', ROUTER_LEDGER: 'memory', NO_COLOR: '1' },
      ...{ PARLEY_RUNS: join(this.folder, 'runs'), PARLEY_RUNS_KEEP: '5', HOME: join(this.folder, 'home') },
      ...env,
    };
    mkdirSync(join(this.folder, 'home'));
    symlinkSync(join(repository, 'scenarios'), join(this.folder, 'scenarios'));
    for (const [name, content] of this.#page.files) writeFileSync(join(this.folder, name), content);
  }

  #codeOf(kind: 'run' | 'background', name: string): string {
    const block = this.#page.blocks.find((one) => one.kind === kind && one.name === name);
    if (!block) throw new Error(`the page has no block “${name}” of this kind`);
    return this.#adapted(block.code);
  }

  /** Starts a block that stays, in a shell of its own. */
  stay(name: string): StartedProcess {
    return new StartedProcess(name, 'bash', {
      args: ['--norc', '-c', `${commands}${this.#codeOf('background', name)}`],
      cwd: this.folder,
      env: this.env,
      detached: true,
    });
  }

  /** Types a block into the shell of the page. Resolves with what it printed, errors after the rest, and its exit code. */
  async run(name: string): Promise<{ readonly out: string; readonly code: number }> {
    const code = this.#codeOf('run', name);
    if (!this.#shell) {
      this.#shell = new StartedProcess('the shell of the page', 'bash', {
        args: ['--norc'],
        cwd: this.folder,
        env: this.env,
        detached: true,
        input: true,
      });
      this.#shell.type(commands);
    }
    const shell = this.#shell;
    const before = { stdout: shell.stdout.length, stderr: shell.stderr.length };
    const mark = `--- block ${++this.#typed} ended: `;
    // The last command decides, but a command before it that fails ends the block, as it would end the patience of a reader.
    shell.type(
      `set -o pipefail; trap 'failed=$?' ERR; failed=0\n${code}\nprintf '\\n${mark}%d\\n' "$failed"; trap - ERR\n`,
    );
    const [, status] = await shell.when(
      `the end of the block “${name}”`,
      ({ stdout }) => new RegExp(`^${mark}(\\d+)$`, 'm').exec(stdout) ?? undefined,
      deadlineMs,
    );
    const printed = shell.stdout.slice(before.stdout).split(`\n${mark}`, 1)[0] ?? '';
    return { out: `${printed}\n${shell.stderr.slice(before.stderr)}`, code: Number(status) };
  }
}
