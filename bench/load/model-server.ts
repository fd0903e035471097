import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpuMs } from '../measure/process-cost.ts';

/**
 * An OpenAI-compatible server without latency, which also measures for the `turns` benchmark. Turn k begins with request k, so the
 * server samples the CPU time of the processes under test when the marked requests arrive.
 */
export interface Watch {
  pids: readonly number[];
  /** The numbers of the requests at which a mark is sent, counted from 1 since this message. */
  at: readonly number[];
}
export interface Mark {
  request: number;
  /** ms on a steady clock. */
  at: number;
  /** CPU time of this server in ms, which is the time of the model, because it answers without waiting. */
  ownCpu: number;
  /** CPU ms so far, in the order of `pids`. */
  cpu: number[];
}

const words =
  'the tide comes in and the harbour fills while the boats lean on their ropes and fishermen ask why it should be so because the moon has always done what it does and we have always gone down to look'.split(
    ' ',
  );

const event = (body: object) => `data: ${JSON.stringify(body)}\n\n`;
const chunk = (fields: object) =>
  event({ id: 'mock', object: 'chat.completion.chunk', created: 0, model: 'mock', ...fields });
const delta = (content: object, finish: string | null = null) =>
  chunk({ choices: [{ index: 0, delta: content, finish_reason: finish }] });

const wordEvents = words.map((word) => delta({ content: ` ${word}` }));
const opening = delta({ role: 'assistant', content: '' });
const closing = delta({}, 'stop');
const usage = (promptCharacters: number) =>
  chunk({
    choices: [],
    usage: {
      prompt_tokens: promptCharacters >> 2,
      completion_tokens: words.length + 1,
      total_tokens: (promptCharacters >> 2) + words.length + 1,
    },
  });

const stream = (response: ServerResponse, reply: number, promptCharacters: number) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(opening);
  response.write(delta({ content: `(${reply})` }));
  for (const one of wordEvents) response.write(one);
  response.write(closing);
  response.write(usage(promptCharacters));
  response.end('data: [DONE]\n\n');
};

let requests = 0;
let watch: Watch = { pids: [], at: [] };
const ownCpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};
const mark = (request: number): Mark => {
  const at = performance.now();
  return { request, at, ownCpu: ownCpu(), cpu: watch.pids.map(cpuMs) };
};

const server = createServer((request, response) => {
  let characters = 0;
  request.on('data', (data: Buffer) => {
    characters += data.length;
  });
  request.on('end', () => {
    requests++;
    if (watch.at.includes(requests)) process.send?.(mark(requests));
    stream(response, requests, characters);
  });
});
process.on('message', (message: Watch) => {
  requests = 0;
  watch = message;
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
