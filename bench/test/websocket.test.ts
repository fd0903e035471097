import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { connectRaw, textFrame } from '../load/websocket.ts';

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});
const listening = async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

test.each([1, 125, 126, 2_000, 60_000])(
  'a text of %i characters arrives unchanged and is counted when it comes back',
  async (length) => {
    const { server, port } = await listening();
    server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
    const sent = { text: 'x'.repeat(length) };
    const got = await new Promise<string>((resolve) => {
      void connectRaw({
        port,
        onTexts: ([start], data) =>
          resolve(data.toString('utf8', start, start! + JSON.stringify(sent).length)),
      }).then((client) => client.write(textFrame(sent)));
    });
    expect(JSON.parse(got)).toEqual(sent);
  },
);

test('a ping is answered, so that a server with a heartbeat keeps the connection', async () => {
  const { server, port } = await listening();
  const ponged = new Promise<string>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('pong', (payload) => resolve(String(payload)));
      socket.ping('are you there');
    });
  });
  await connectRaw({ port });
  expect(await ponged).toBe('are you there');
});

test('many frames of one write are all counted', async () => {
  const { server, port } = await listening();
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
  let counted = 0;
  const all = new Promise<void>((resolve) => {
    void connectRaw({
      port,
      onTexts(starts) {
        counted += starts.length;
        if (counted === 500) resolve();
      },
    }).then((client) => client.write(Buffer.concat(Array.from({ length: 500 }, () => textFrame({ n: 1 })))));
  });
  await all;
  expect(counted).toBe(500);
});
