import { randomUUID } from 'node:crypto';
import { type ClientFrame, type RouterFrame, subprotocol } from '@parley/protocol';
import { WebSocket } from 'ws';

/**
 * Steady load for a soak: every `everyMs`, a new conversation of `turnsEach` turns between two agents that answer at once, and one
 * message between two plain clients.
 */
const [port, everyMs, turnsEach] = process.argv.slice(2).map(Number) as [number, number, number];
const url = `ws://127.0.0.1:${port}`;
const text = 'The tide comes in and the harbour fills while the boats lean on their ropes. '.repeat(3);

let turns = 0;
let ended = 0;
let lines = 0;

const join = (name: string): Promise<(frame: ClientFrame) => void> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, subprotocol, { perMessageDeflate: false });
    const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
    socket.on('open', () => send({ type: 'register', name, capacity: 1_000 }));
    socket.on('close', (code) => {
      throw new Error(`${name} was closed: ${code}`);
    });
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as RouterFrame;
      if (frame.type === 'welcome') resolve(send);
      else if (frame.type === 'turn') {
        turns++;
        send({ type: 'say', conversation: frame.conversation, turn: frame.turn, text });
      } else if (frame.type === 'ended') ended++;
      else if (frame.type === 'refused') throw new Error(`${name}: ${frame.code} ${frame.message}`);
    });
  });

const joinPlain = (name: string, onMessage: () => void): Promise<WebSocket> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'register', name }));
      resolve(socket);
    });
    socket.on('message', onMessage);
  });

const open = await join('soak-a');
await join('soak-b');
await joinPlain('plain-b', () => lines++);
const speaker = await joinPlain('plain-a', () => {});

setInterval(() => {
  open({
    type: 'open',
    ref: randomUUID(),
    members: ['soak-b'],
    limits: { maxTurns: turnsEach },
  });
  speaker.send(JSON.stringify({ target: 'plain-b', text }));
}, everyMs);
process.on('message', () => process.send?.({ turns, ended, lines }));
