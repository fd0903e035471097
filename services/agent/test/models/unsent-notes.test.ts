import type { Logger } from '@parley/runtime';
import { describe, expect, it } from 'vitest';
import { unsentNotes } from '../../src/models/unsent-notes.ts';

/** Notes on a clock that the test moves. */
const noted = () => {
  const told: string[] = [];
  const timers: { act: () => void; at: number }[] = [];
  let now = 0;
  const note = (level: string) => (about: { server: string }) => told.push(`${level} ${about.server}`);
  const log = { warn: note('warn'), debug: note('debug') } as unknown as Logger;
  const onAsking = unsentNotes({
    log,
    now: () => now,
    later: (act, ms) => {
      const timer = { act, at: now + ms };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
  });
  const pass = (ms: number) => {
    now += ms;
    for (const timer of timers.splice(0)) timer.at <= now ? timer.act() : timers.push(timer);
  };
  return { told, pass, ask: (host: string) => onAsking(new URL(`http://${host}/v1/chat/completions`)) };
};

describe('a call of the model', () => {
  it('a call that no server takes is logged within three seconds, with the address', () => {
    const { told, pass, ask } = noted();
    ask('10.0.0.9:8080');
    pass(3_000);
    expect(told).toEqual(['warn 10.0.0.9:8080']);
  });

  it('a call that a server takes is not logged', () => {
    const { told, pass, ask } = noted();
    ask('10.0.0.9:8080')();
    pass(60_000);
    expect(told).toEqual([]);
  });

  it('a call that no server takes is logged once a minute, although every call to the address waits', () => {
    const { told, pass, ask } = noted();
    for (let second = 0; second < 70; second++) {
      ask('10.0.0.9:8080');
      pass(1_000);
    }
    expect(told.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });
});
