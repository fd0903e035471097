import { closings } from '@parley/protocol';
import type { Logger } from '@parley/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RouterLink } from '../../src/link/router-link.ts';
import { fakeRouter } from './fake-router.ts';

interface Given {
  readonly now?: () => number;
}

/** A link that comes back without waiting, and how often it would have waited. The order of its list is that of `urls`. */
const linkTo = (urls: readonly string[], { now = () => performance.now() }: Given = {}) => {
  const lost: { message: string; router: unknown }[] = [];
  const registered: unknown[] = [];
  const note = ({ router }: { router: unknown }, message: string) => void lost.push({ message, router });
  const log = {
    info: ({ url }: { url: unknown }) => void registered.push(url),
    warn: note,
    debug: note,
  } as unknown as Logger;
  let waits = -Math.max(0, urls.length - 1);
  const link = new RouterLink({
    urls,
    name: 'alice',
    token: undefined,
    capacity: 3,
    target: undefined,
    prompts: false,
    model: 'tiny',
    log,
    dice: () => {
      // The first numbers are for the order of the list: the nearest to 1 leaves it as it is.
      waits += 1;
      return waits <= 0 ? 0.999_999 : 0;
    },
    now,
    onFault: (_place, error) => {
      throw error;
    },
    onDismissed: () => {},
  });
  onTestFinished(() => link.close(100));
  link.open({ registering: () => [], onWelcome: () => {}, onFrame: () => {} });
  return { link, lost, registered, waits: () => waits };
};
const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 60_000, interval: 5 });

describe('an agent that has the URLs of several routers', () => {
  it('goes to the next router at once when its router is draining', async () => {
    const [one, two] = [await fakeRouter(), await fakeRouter()];
    const { link, registered, waits } = linkTo([one.url, two.url]);
    const first = await one.connection();
    first.welcome();
    await until(() => link.registered);
    first.socket.close(closings.draining.code);
    (await two.connection()).welcome();
    await until(() => link.reconnects === 1);
    expect(registered).toEqual([one.url, two.url]);
    expect(waits()).toBe(0);
  });

  it('returns to the same router when the connection is lost, after a wait', async () => {
    const [one, two] = [await fakeRouter(), await fakeRouter()];
    const { link, registered, waits } = linkTo([one.url, two.url]);
    const first = await one.connection();
    first.welcome();
    await until(() => link.registered);
    first.socket.terminate();
    (await one.connection(1)).welcome();
    await until(() => link.reconnects === 1);
    expect(registered).toEqual([one.url, one.url]);
    expect(waits()).toBe(1);
  });

  it('goes to the next router when its router has gone, and stays there', async () => {
    const [one, two] = [await fakeRouter(), await fakeRouter()];
    const { link, registered } = linkTo([one.url, two.url]);
    (await one.connection()).welcome();
    await until(() => link.registered);
    await one.close();
    const second = await two.connection();
    second.welcome();
    await until(() => link.reconnects === 1);
    second.socket.terminate();
    (await two.connection(1)).welcome();
    await until(() => link.reconnects === 2);
    expect(registered).toEqual([one.url, two.url, two.url]);
  });

  it('waits once for each pass through the list while no router can be reached, and logs each problem once', async () => {
    const gone = [await fakeRouter(), await fakeRouter(), await fakeRouter()];
    for (const router of gone) await router.close();
    const { lost, waits } = linkTo(gone.map(({ url }) => url));
    await until(() => lost.length >= 9);
    // A failure is logged just before the wait that follows it.
    const passes = Math.floor(lost.length / 3);
    expect(waits()).toBeGreaterThanOrEqual(passes - 1);
    expect(waits()).toBeLessThanOrEqual(passes);
    expect(lost.slice(0, 3).map(({ router }) => router)).toEqual(gone.map(({ url }) => url));
  });

  it('waits when every router of the list is draining', async () => {
    const [one, two] = [await fakeRouter(), await fakeRouter()];
    const { link, waits } = linkTo([one.url, two.url]);
    for (const pass of [0, 1]) {
      for (const router of [one, two]) {
        const connection = await router.connection(pass);
        connection.welcome();
        await until(() => link.registered);
        connection.socket.close(closings.draining.code);
        await connection.closed;
      }
    }
    await one.connection(2);
    expect(waits()).toBe(2);
  });
});
