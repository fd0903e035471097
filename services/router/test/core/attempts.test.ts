import { permanentFailures } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Talk } from './talk.ts';

describe('turns that lapse', () => {
  it.each(permanentFailures)('a turn is granted only once when another attempt cannot help: %s', (cause) => {
    const talk = new Talk();
    talk.do({ type: 'lapse', turn: 1, cause, detail: 'as the server says' });
    expect(talk.last).toMatchObject({
      type: 'ended',
      reason: 'failed',
      detail: `ann: ${cause}, as the server says`,
    });
  });

  it('a lapse uses up no attempt while the model of the member is being loaded', () => {
    const talk = new Talk();
    for (let i = 0; i < 50; i++) talk.do({ type: 'lapse', turn: 1, cause: 'model-loading' });
    expect(talk.state).toMatchObject({ status: { state: 'running' }, floor: [{ number: 1, attempts: 50 }] });
    expect(talk.state?.floor[0]?.notBefore).toBe(talk.now + 5_000);
    for (const cause of ['gone', 'deadline'] as const) talk.do({ type: 'lapse', turn: 1, cause });
    expect(talk.last).toMatchObject({ type: 'lapsed' });
    talk.do({ type: 'lapse', turn: 1, cause: 'deadline' });
    expect(talk.last).toMatchObject({ type: 'ended', reason: 'failed' });
  });

  it('a turn that lapsed is granted again not earlier than the model server asked for', () => {
    const talk = new Talk();
    talk.do({ type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'rate-limited', retryAfterMs: 90_000 });
    expect(talk.last).toMatchObject({ type: 'lapsed', retryAfterMs: 90_000 });
    expect(talk.state?.floor[0]?.notBefore).toBe(talk.now + 90_000);
  });

  it('a lapse that names an attempt which has lapsed already has no effect', () => {
    const talk = new Talk();
    talk.do({ type: 'lapse', turn: 1, attempt: 1, cause: 'gone' });
    const { state } = talk;
    talk.do({ type: 'lapse', turn: 1, attempt: 1, cause: 'deadline' });
    expect(talk.state).toBe(state);
    talk.do({ type: 'lapse', turn: 1, attempt: 2, cause: 'deadline' });
    expect(talk.state?.floor[0]?.attempts).toBe(2);
  });
});
