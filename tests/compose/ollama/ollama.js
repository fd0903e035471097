#!/usr/bin/env node
const { createServer } = require('node:http');

const host = process.env.OLLAMA_HOST;

const bodyOf = async (request) => {
  let text = '';
  for await (const part of request) text += part;
  return text === '' ? {} : JSON.parse(text);
};

/** Chat Completions know only the models that were pulled, as those of Ollama do. */
const serve = () => {
  const models = [];
  let said = 0;
  const reply = (response, model) => {
    const event = (data) =>
      response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const text = `Reply ${++said} of the stand-in: here is another thought, which no reply had before, number ${said * 7919}.`;
    event({ model, choices: [{ index: 0, delta: { content: text }, finish_reason: null }] });
    event({ model, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }] });
    event({ model, choices: [], usage: { prompt_tokens: 30, completion_tokens: 20 } });
    event('[DONE]');
    response.end();
  };
  const answer = async (request, response) => {
    const { model } = await bodyOf(request);
    const json = (status, value) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.url === '/api/tags') json(200, { models: models.map((name) => ({ name })) });
    else if (request.url === '/api/pull') {
      models.push(model);
      json(200, { status: 'success' });
    } else if (request.url !== '/v1/chat/completions') json(404, { error: { message: 'no such path' } });
    else if (models.includes(model)) reply(response, model);
    else {
      console.log(`asked before the pull: ${model}`);
      json(404, { error: { message: `model '${model}' not found` } });
    }
  };
  createServer((request, response) => void answer(request, response)).listen(11434, '0.0.0.0');
};

const ask = async (path, body) => {
  const answer = await fetch(host + path, body && { method: 'POST', body: JSON.stringify(body) });
  console.log(await answer.text());
};

const [command, name] = process.argv.slice(2);
process.on('SIGTERM', () => process.exit(0));
if (command === 'serve') serve();
else if (command === 'list') void ask('/api/tags');
else if (command === 'pull') void ask('/api/pull', { model: name });
