import { once } from 'node:events';
import { within } from '../harness/poll.ts';
import { RawPeer, upgrade, wsFrame } from '../harness/raw-peer.ts';
import { type Case, registered } from './case.ts';

/** Longer than any deadline of the router. */
const patienceMs = 60_000;

/** One byte every 100 ms, for as long as it is listened to. */
const drip = async (peer: RawPeer, bytes: Buffer): Promise<void> => {
  let at = 0;
  const dripping = setInterval(() => peer.write(bytes.subarray(at, ++at)), 100);
  await peer.over(patienceMs).finally(() => clearInterval(dripping));
};

const cutOff = (title: string, act: (port: number) => Promise<RawPeer>): Case => ({
  title: `slow: ${title} is cut off`,
  slow: true,
  async run(port) {
    const peer = await act(port);
    await peer.over(patienceMs);
    peer.destroy();
  },
});

/** Reads nothing and writes `bytes` again and again; resolves when the router has cut it off. */
const neverReading = (title: string, bytes: () => Buffer, megabytes: number): Case => ({
  title: `slow: ${title}`,
  slow: true,
  async run(port) {
    const peer = await registered(port, 'plain');
    peer.socket.pause();
    const burst = bytes();
    const most = (megabytes * 1_048_576) / burst.length;
    let sent = 0;
    const writing = setInterval(() => {
      // What the router does not read stays with us, and is bounded here.
      if (peer.socket.writableLength < 4_194_304 && sent++ < most) peer.write(burst);
      else peer.write(wsFrame('{"type":"ping"}'));
    }, 5);
    await within('a peer that reads nothing is cut off', patienceMs, peer.closed).finally(() =>
      clearInterval(writing),
    );
  },
});

export const slowCases: readonly Case[] = [
  cutOff('a peer that connects and says nothing', (port) => RawPeer.connect(port)),
  cutOff('half a request line', async (port) => (await RawPeer.connect(port)).write('GET / HT')),
  cutOff('half the headers of an upgrade', async (port) =>
    (await RawPeer.connect(port)).write(upgrade().slice(0, -30)),
  ),
  cutOff('a body that does not come', async (port) =>
    (await RawPeer.connect(port)).write(
      'POST /v1/conversations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nabc',
    ),
  ),
  cutOff('a WebSocket that does not register', (port) => RawPeer.webSocket(port)),
  cutOff('half a frame', async (port) => (await RawPeer.webSocket(port)).write(wsFrame('{}').subarray(0, 3))),
  cutOff('a message that is never finished', async (port) =>
    (await RawPeer.webSocket(port)).write(wsFrame('{', { fin: false })),
  ),
  cutOff('a peer that answers no ping', async (port) => registered(port, 'plain')),
  cutOff('a peer that sends a close and stays', async (port) =>
    (await registered(port, 'v1')).write(wsFrame(Buffer.from([3, 232]), { opcode: 8 })),
  ),
  cutOff('a peer that was closed and stays', async (port) =>
    (await registered(port, 'v1')).write(wsFrame('x', { opcode: 2 })),
  ),
  {
    title: 'slow: a header drip is cut off',
    slow: true,
    run: async (port) =>
      drip(await RawPeer.connect(port), Buffer.from(upgrade({ 'X-Slow': 'a'.repeat(10_000) }))),
  },
  {
    title: 'slow: a frame drip of a peer that does not register is cut off',
    slow: true,
    run: async (port) => drip(await RawPeer.webSocket(port), wsFrame('x'.repeat(10_000))),
  },
  {
    // At most 17 answers wait for such a peer, so it need not be cut off.
    title: 'slow: a flood of pings from a peer that reads nothing is read to its end',
    slow: true,
    async run(port) {
      const peer = await registered(port, 'plain');
      peer.socket.pause();
      const burst = Buffer.concat(Array.from({ length: 500 }, () => wsFrame('x'.repeat(125), { opcode: 9 })));
      for (let sent = 0; sent < 1_000; sent++)
        if (!peer.socket.write(burst))
          await within('the pings are read', patienceMs, once(peer.socket, 'drain'));
      peer.destroy();
    },
  },
  neverReading(
    'a flood of faults from a peer that reads nothing ends',
    () => Buffer.concat(Array.from({ length: 5_000 }, () => wsFrame('x'))),
    8,
  ),
];
