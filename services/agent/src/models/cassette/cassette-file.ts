import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from '@parley/runtime';
import type { Manifest, RecordedCall } from './recorded-call.ts';

type Recorded = Manifest | RecordedCall;

/** The path itself or, if it is a directory that several agents share, the file of this agent in it. */
export const cassettePath = (path: string, agent: string): string => {
  const isDirectory = path.endsWith('/') || (existsSync(path) && statSync(path).isDirectory());
  return isDirectory ? join(path, `${agent}.jsonl`) : path;
};

/** A killed process may have left an incomplete line. The next line must not be appended to it. */
const endsInALine = (path: string): boolean => {
  if (!existsSync(path)) return true;
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last[0] === 10);
  } finally {
    closeSync(file);
  }
};

const isRecorded = (value: unknown): value is Recorded => {
  const { kind, reply, hash } = (value ?? {}) as Partial<RecordedCall>;
  return (kind as string) === 'manifest' || (kind === 'call' && typeof hash === 'string' && !!reply);
};

/** Model calls as JSON lines, each written completely in one write. Requests are read again when they are needed. */
export class CassetteFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Begins or continues a recording: each process of the agent writes its manifest. */
  begin(manifest: Manifest): void {
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      if (!endsInALine(this.path)) appendFileSync(this.path, '\n');
    } catch (error) {
      throw new ConfigError([`AGENT_CASSETTE: ${(error as Error).message}`]);
    }
    const problem = this.append(manifest);
    if (problem !== undefined) throw new ConfigError([`AGENT_CASSETTE: ${problem}`]);
  }

  /** Returns the problem, or undefined. One write with O_APPEND, so lines of several writers do not mix. */
  append(line: Recorded): string | undefined {
    try {
      appendFileSync(this.path, `${JSON.stringify(line)}\n`);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** The newest manifest. Throws a ConfigError when there is none. */
  manifest(): Manifest {
    let found: Manifest | undefined;
    for (const line of this.#lines()) if (line.kind === 'manifest') found = line;
    if (!found) throw new ConfigError([`AGENT_CASSETTE: ${this.path} holds no recording`]);
    return found;
  }

  *calls(): Iterable<RecordedCall> {
    for (const line of this.#lines()) if (line.kind === 'call') yield line;
  }

  *#lines(): Iterable<Recorded> {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      throw new ConfigError([`AGENT_CASSETTE: ${(error as Error).message}`]);
    }
    for (const [index, line] of text.split('\n').entries()) {
      if (line === '') continue;
      const value = parsed(line);
      if (isRecorded(value)) yield value;
      // A killed process leaves an incomplete last line. Any other invalid line means that the file is no cassette.
      else if (value !== undefined || index === 0)
        throw new ConfigError([`AGENT_CASSETTE: ${this.path}:${index + 1} is not a line of a cassette`]);
    }
  }
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};
