import { describe, expect, it } from 'vitest';
import { StreamWatch } from '../../../src/ledger/jetstream/stream/stream-watch.ts';

/** A stream that ends at `end` when it is asked, whose last message is `kept`, and a copy that goes on while the server answers. */
const watched = () => {
  const stream: { end: number; kept?: number | undefined; incarnation: string } = {
    end: 10,
    incarnation: 'one',
  };
  const follower = { last: 10 };
  const meanwhile: { do?: () => void } = {};
  const info = async () => {
    const answer = {
      config: { metadata: { 'parley.incarnation': stream.incarnation } },
      state: { last_seq: stream.end },
    };
    meanwhile.do?.();
    return answer as never;
  };
  const getMessage = async () => {
    const seq = stream.kept ?? stream.end;
    return (seq === 0 ? null : { seq }) as never;
  };
  const watch = new StreamWatch({
    ...{
      link: { isConnected: true },
      manager: { streams: { info, getMessage } },
      stream: 'TEST',
      incarnation: 'one',
      follower,
    },
  });
  watch.stop();
  return { stream, follower, meanwhile, watch };
};

describe('the watch over a stream', () => {
  it('the stream watch finds no fault in a copy that receives messages while the server answers', async () => {
    const { follower, meanwhile, watch } = watched();
    meanwhile.do = () => {
      follower.last = 500;
    };
    await watch.look();
    expect(watch.trouble).toBeUndefined();
  });

  it('the stream watch reports a stream that has lost messages or is another one', async () => {
    const { stream, watch } = watched();
    stream.end = 9;
    await watch.look();
    expect(watch.trouble).toBe('the stream has lost messages');
    stream.end = 10;
    await watch.look();
    expect(watch.trouble).toBeUndefined();
    stream.incarnation = 'two';
    await watch.look();
    expect(watch.trouble).toBe('the stream was deleted and made again');
  });

  it('the stream watch reports a copy that is far behind twice in a row', async () => {
    const { stream, watch } = watched();
    stream.end = 6_000;
    await watch.look();
    expect(watch.trouble).toBeUndefined();
    await watch.look();
    expect(watch.trouble).toBe('the local copy lacks the last 5990 messages');
    stream.end = 11;
    await watch.look();
    expect(watch.trouble).toBeUndefined();
  });

  it.each([
    ['the last ones', 12, undefined],
    ['all of them', 0, undefined],
    ['some in the middle', 6_000, 'the local copy lacks the last 5990 messages'],
  ])(
    'the stream watch does not miss messages that were removed before they were read: %s',
    async (_, kept, told) => {
      const { stream, watch } = watched();
      Object.assign(stream, { end: 6_000, kept });
      await watch.look();
      await watch.look();
      expect(watch.trouble).toBe(told);
    },
  );
});
