import type { IncomingMessage } from 'node:http';
import { type ControlAction, controlBodies, maxFrameBytes, nameFault } from '@parley/protocol';
import type { Answer, Control } from '../control/control.ts';
import type { Identity } from '../identity/identity.ts';

const error = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
});

/** The whole body, or undefined when it is too large. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxFrameBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

/** The name under which an operator's acts stand in the ledger: its token's, where that binds one. */
const nameOf = ({ names }: Identity): string => {
  const [only] = names;
  return names.length === 1 && only !== undefined && nameFault(only) === undefined ? only : 'operator';
};

const isAction = (word: string): word is ControlAction => Object.hasOwn(controlBodies, word);

/** `POST /v1/conversations` and `POST /v1/conversations/:id/:action`, for operators. */
export const answerControl = async (
  control: Control,
  request: IncomingMessage,
  path: readonly string[],
  identity: Identity,
): Promise<Answer> => {
  const [version, kind, id, action = 'open', ...rest] = path;
  if (version !== 'v1' || kind !== 'conversations' || rest.length > 0)
    return error(404, 'not-found', 'not found');
  if (!isAction(action) || (action === 'open') !== (id === undefined))
    return error(404, 'not-found', 'no such action');
  if (identity.role !== 'operator') return error(403, 'forbidden', 'this needs the role operator');
  // A form on another site cannot send this type, so no page can act in a person's name unasked.
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return error(415, 'bad-frame', 'content-type must be application/json');
  }
  const text = await readBody(request);
  if (text === undefined) return error(413, 'too-large', 'the body is too large');
  let body: unknown;
  try {
    body = text === '' ? {} : JSON.parse(text);
  } catch {
    return error(400, 'bad-frame', 'the body is not JSON');
  }
  const header = request.headers['idempotency-key'];
  const key = typeof header === 'string' && header !== '' ? header.slice(0, 200) : undefined;
  return control.handle({ action, id, body, by: nameOf(identity), key });
};
