import { WebSocket } from 'ws';
import { makeSpeaker } from './sdk-talk.ts';

/** An agent in its own process with only `ws` and the SDK: the lower bound for this architecture. */
const [routerUrl, self, peer, baseUrl, historyTokens] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
];
const speak = makeSpeaker(baseUrl, Number(historyTokens));
const lines: { from: string; text: string }[] = [];
const socket = new WebSocket(routerUrl, { perMessageDeflate: false });

const answer = async () => {
  const text = await speak(self, lines);
  lines.push({ from: self, text });
  socket.send(JSON.stringify({ target: peer, text }));
};
socket.on('open', () => {
  socket.send(JSON.stringify({ type: 'register', name: self }));
  process.send?.({ ready: true });
});
socket.on('message', (data) => {
  lines.push({ from: peer, text: JSON.parse(String(data)).text });
  void answer();
});
process.once('message', () => {
  lines.push({ from: peer, text: 'Let us talk about tides.' });
  void answer();
});
