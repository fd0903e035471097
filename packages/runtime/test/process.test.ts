import { EventEmitter, once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ConfigError,
  exitWhenWritten,
  makeLogger,
  type ProcessPort,
  runMain,
  stopOnSignal,
} from '../src/index.ts';

/** A process that notes how it was told to exit instead of exiting. */
class FakeProcess extends EventEmitter {
  readonly codes: unknown[] = [];
  readonly lines: string[] = [];
  readonly stderr = { write: (line: string) => this.lines.push(line) > 0 };
  exit(code: unknown): void {
    this.codes.push(code);
    this.emit('exited');
  }
}
const log = makeLogger('test', 'silent');
const onFault = () => {};
const asPort = (fake: FakeProcess) => fake as unknown as ProcessPort;

describe('exitWhenWritten', () => {
  it.each([
    ['by SIGTERM', 4_711, [['kill', 4_711, 'SIGTERM']]],
    ['by an abort as the first process of a container, which its own SIGTERM does not end', 1, [['abort']]],
  ])('exitWhenWritten ends a process whose log is not read any more %s', (_, pid, wanted) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const calls: unknown[][] = [];
    const host = Object.assign(new FakeProcess(), {
      pid,
      kill: (...args: unknown[]) => calls.push(['kill', ...args]),
      abort: () => calls.push(['abort']),
    });
    const stalled = Object.assign(makeLogger('test', 'silent'), { flush: () => {} });
    exitWhenWritten(asPort(host), stalled, 0, 2_000);
    vi.advanceTimersByTime(1_999);
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(calls).toEqual(wanted);
    expect(host.codes).toEqual([]);
  });
});

describe('stopOnSignal', () => {
  it.each(['SIGTERM', 'SIGINT'])(
    'stopOnSignal stops once on %s and exits with 0 when all has stopped',
    async (signal) => {
      const host = new FakeProcess();
      const { promise: stopped, resolve } = Promise.withResolvers<void>();
      const stop = vi.fn(() => stopped);
      stopOnSignal(asPort(host), { stop, graceMs: 10_000, log, onFault });
      host.emit(signal, signal);
      expect(stop).toHaveBeenCalledOnce();
      expect(host.codes).toEqual([]);
      const exited = once(host, 'exited');
      resolve();
      await exited;
      expect(host.codes).toEqual([0]);
    },
  );

  it('stopOnSignal exits with 1 on a second signal, without stopping twice', async () => {
    const host = new FakeProcess();
    const stop = vi.fn(() => new Promise<void>(() => {}));
    stopOnSignal(asPort(host), { stop, graceMs: 10_000, log, onFault });
    const exited = once(host, 'exited');
    host.emit('SIGTERM', 'SIGTERM');
    host.emit('SIGINT', 'SIGINT');
    await exited;
    expect(stop).toHaveBeenCalledOnce();
    expect(host.codes).toEqual([1]);
  });

  it('stopOnSignal exits with 1 when stopping takes longer than the grace', async () => {
    vi.useFakeTimers();
    const host = new FakeProcess();
    stopOnSignal(asPort(host), { stop: () => new Promise(() => {}), graceMs: 5_000, log, onFault });
    host.emit('SIGTERM', 'SIGTERM');
    vi.advanceTimersByTime(4_999);
    expect(host.codes).toEqual([]);
    const exited = once(host, 'exited');
    vi.advanceTimersByTime(1);
    vi.useRealTimers();
    await exited;
    expect(host.codes).toEqual([1]);
  });

  it('stopOnSignal exits with 1 when stopping fails', async () => {
    const host = new FakeProcess();
    stopOnSignal(asPort(host), { stop: () => Promise.reject(new Error('no')), graceMs: 5_000, log, onFault });
    const exited = once(host, 'exited');
    host.emit('SIGTERM', 'SIGTERM');
    await exited;
    expect(host.codes).toEqual([1]);
  });

  it.each(['uncaughtException', 'unhandledRejection'])(
    'stopOnSignal reports an %s and the process continues',
    (event) => {
      const host = new FakeProcess();
      const told: unknown[] = [];
      const bug = new Error('a bug');
      stopOnSignal(asPort(host), {
        stop: async () => {},
        graceMs: 5_000,
        log,
        onFault: (error) => told.push(error),
      });
      host.emit(event, bug);
      expect(told).toEqual([bug]);
      expect(host.codes).toEqual([]);
    },
  );

  it('stopOnSignal exits with 1 on an uncaught error while the process stops', async () => {
    const host = new FakeProcess();
    const exited = once(host, 'exited');
    stopOnSignal(asPort(host), { stop: () => new Promise(() => {}), graceMs: 5_000, log, onFault });
    host.emit('SIGTERM', 'SIGTERM');
    host.emit('uncaughtException', new Error('a bug'));
    await exited;
    expect(host.codes).toEqual([1]);
  });
});

describe('runMain', () => {
  const run = async (error: unknown): Promise<FakeProcess> => {
    const host = new FakeProcess();
    const exited = once(host, 'exited');
    runMain(asPort(host), 'router', () => Promise.reject(error));
    await exited;
    return host;
  };

  it('runMain prints an error that the operator can fix line by line, without a stack, and exits with 1', async () => {
    const host = await run(new ConfigError(['A: wrong', 'B: wrong']));
    expect(host.lines).toEqual(['router: A: wrong\n', 'router: B: wrong\n']);
    expect(host.codes).toEqual([1]);
  });

  it('runMain prints no control characters of peers or servers in a problem', async () => {
    const host = await run(new ConfigError(['refused: \x1b]0;owned\x07\x9b2Jno\ttab\rx', 'a\u202eb']));
    expect(host.lines).toEqual(['router: refused: ]0;owned2Jno\ttabx\n', 'router: ab\n']);
  });

  it('runMain prints the stack of any other error, and exits with 1', async () => {
    const host = await run(new Error('a bug'));
    expect(host.lines.join('')).toMatch(/router: Error: a bug\n\s+at /);
    expect(host.codes).toEqual([1]);
  });
});
