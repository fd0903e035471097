import type { IncomingMessage } from 'node:http';
import { type ControlAction, controlBodies, nameFault, parseJson } from '@parley/protocol';
import type { Identity } from '../identity/identity.ts';
import type { Answer, Control } from './control.ts';
import { RequestBodies } from './request-body.ts';

const maxKeyLength = 200;
const bodies = new RequestBodies();

const error = (status: number, code: string, message: string): Answer => ({
  status,
  body: { error: { code, message } },
});

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
  wall: () => number,
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
  const read = await bodies.read(request);
  if (read.kind === 'too-large') return error(413, 'too-large', 'the body is too large');
  if (read.kind === 'busy') return error(503, 'unavailable', 'too many bodies are read at the moment');
  // While the body came, the token may have been withdrawn.
  if (!identity.isValid(wall())) return error(401, 'unauthenticated', 'the token is not valid any more');
  const parsed = parseJson(read.text === '' ? '{}' : read.text);
  if (!parsed.ok) return error(400, 'bad-frame', `the body ${parsed.problem}`);
  const header = request.headers['idempotency-key'];
  const key = typeof header === 'string' && header !== '' ? header : undefined;
  if (key !== undefined && key.length > maxKeyLength)
    return error(400, 'bad-frame', `an Idempotency-Key has at most ${maxKeyLength} characters`);
  return control.handle({ action, id, body: parsed.value, by: nameOf(identity), key });
};
