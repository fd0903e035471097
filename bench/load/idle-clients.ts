import { connectRaw, textFrame } from './websocket.ts';

/** Connects and registers many plain clients, which only answer pings. */
const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const atOnce = 128;

let next = 0;
const connectSome = async () => {
  while (next < count) {
    const self = next++;
    const client = await connectRaw({
      port,
      onClosed: () => {
        throw new Error(`connection ${self} was closed`);
      },
    });
    client.write(textFrame({ type: 'register', name: `idle-${self}` }));
  }
};
const began = performance.now();
await Promise.all(Array.from({ length: atOnce }, connectSome));
process.send?.({ connectMs: performance.now() - began });
