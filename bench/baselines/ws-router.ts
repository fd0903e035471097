import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * A minimal router: a map from name to socket, without storage and without checks, as in the first version of such a system.
 */
const peers = new Map<string, WebSocket>();
const server = new WebSocketServer({
  host: process.argv[3] ?? '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  perMessageDeflate: false,
});

server.on('connection', (socket) => {
  let name = '';
  socket.on('error', () => socket.terminate());
  socket.on('close', () => peers.delete(name));
  socket.on('message', (data) => {
    const { type, name: asked, target, text } = JSON.parse(String(data));
    if (type === 'ping') return;
    if (type === 'register') {
      name = asked;
      peers.set(name, socket);
      return;
    }
    const peer = peers.get(target);
    if (peer?.readyState === WebSocket.OPEN)
      peer.send(JSON.stringify({ type: 'message', from: name, target, text }));
  });
});
server.once('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));
