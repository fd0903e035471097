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

/** The file itself, or the agent's own in a directory that several agents share. */
export const cassettePath = (path: string, agent: string): string => {
  const isDirectory = path.endsWith('/') || (existsSync(path) && statSync(path).isDirectory());
  return isDirectory ? join(path, `${agent}.jsonl`) : path;
};

/** A process that was killed may have left half a line; what follows must not be glued to it. */
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

/** Model calls as JSON lines, each written at once and whole. Requests are read again when they are needed. */
export class CassetteFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Begins a recording, or goes on with one: every life of the agent writes its manifest. */
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

  /** What went wrong, or undefined. One write with O_APPEND: lines of several writers do not mix. */
  append(line: Recorded): string | undefined {
    try {
      appendFileSync(this.path, `${JSON.stringify(line)}\n`);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** The newest; a ConfigError when there is none. */
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
      // Half a line is what a killed process leaves; anything else is not a cassette.
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
