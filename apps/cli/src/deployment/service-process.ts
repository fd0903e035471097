import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Environment, nodeOptions } from '@parley/runtime';
import { installation } from './installation.ts';

/** One line of the log of a service. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a service ended: its exit code or the signal, and its output on stderr. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface ServiceOptions {
  readonly service: 'router' | 'agent';
  readonly args: readonly string[];
  readonly env: Environment;
  onLog(line: LogLine): void;
}

/** A router or an agent as a child process. It has a session of its own, so that Ctrl-C reaches only the CLI. */
export class ServiceProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;

  constructor({ service, args, env, onLog }: ServiceOptions) {
    const { services, leaveWithParent } = installation;
    const node = [...nodeOptions[service], '--import', leaveWithParent.href];
    this.#child = spawn(process.execPath, [...node, services[service], ...args], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    const { stdout, stderr } = this.#child;
    if (stdout) {
      createInterface({ input: stdout }).on('line', (text) => {
        const line = asLogLine(text);
        if (line) onLog(line);
      });
    }
    let written = '';
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-10_000);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => resolve({ code, signal, stderr: written.trim() }));
      this.#child.once('error', (error) => resolve({ code: null, signal: null, stderr: error.message }));
    });
  }

  /** Sends SIGTERM, and kills the process when it has not ended after `graceMs`. Resolves when it has ended. */
  async stop(graceMs: number): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    await this.exited;
    clearTimeout(timer);
  }
}

const asLogLine = (text: string): LogLine | undefined => {
  try {
    const line: unknown = JSON.parse(text);
    return typeof (line as LogLine | null)?.msg === 'string' ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
};
