import { makeSpeaker } from './sdk-talk.ts';

/** Two personas in one process without a router and without storage: the lower bound for the cost of a turn. */
const [baseUrl, historyTokens] = process.argv.slice(2);
const speak = makeSpeaker(baseUrl!, Number(historyTokens));
const lines = [{ from: 'bob', text: 'Let us talk about tides.' }];

process.send?.({ ready: true });
await new Promise((resolve) => process.once('message', resolve));
for (let turn = 0; ; turn++) {
  const self = turn % 2 ? 'bob' : 'alice';
  lines.push({ from: self, text: await speak(self, lines) });
}
