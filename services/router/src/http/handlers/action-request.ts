import type { IncomingMessage } from 'node:http';
import { type ControlAction, maxIdempotencyKey, nameFault, parseJson } from '@parley/protocol';
import type { Identity } from '../../identity/identity.ts';
import { errorReply, type HttpReply } from '../server/replies.ts';
import { RequestBodies } from '../server/request-body.ts';

export interface ActionRequest {
  readonly action: ControlAction;
  /** The conversation; empty for `open`. */
  readonly id: string;
  readonly body: unknown;
  /** The name of the operator in the ledger. */
  readonly by: string;
  /** The idempotency key. */
  readonly key: string | undefined;
  /** Of the operator; undefined: it may act on every name. */
  readonly identity?: Identity;
}

const bodies = new RequestBodies();

interface Requested {
  readonly request: IncomingMessage;
  /** The conversation in the path; empty for `open`. */
  readonly id: string;
  readonly identity: Identity;
  readonly wall: () => number;
}

/** The name under which the actions of an operator stand in the ledger: the name of its token, where it has exactly one. */
const nameOf = ({ names }: Identity): string => {
  const [only] = names;
  return names.length === 1 && only !== undefined && nameFault(only) === undefined ? only : 'operator';
};

type Read = { readonly request: Omit<ActionRequest, 'action'> } | { readonly error: HttpReply };

/** Reads the body and the headers of a request of an operator. */
export const readRequest = async ({ request, id, identity, wall }: Requested): Promise<Read> => {
  const error = (...args: Parameters<typeof errorReply>) => ({ error: errorReply(...args) });
  // A form on a page of another origin cannot send this type, so no page can act with the rights of its reader.
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
    return error('bad-frame', 'content-type must be application/json', 415);
  const read = await bodies.read(request);
  if (read.kind === 'too-large') return error('too-large', 'the body is too large');
  if (read.kind === 'busy') return error('unavailable', 'too many bodies are being read');
  // The token may have been withdrawn while the body was being sent.
  if (!identity.isValid(wall())) return error('unauthenticated', 'the token is not valid any more');
  const parsed = parseJson(read.text === '' ? '{}' : read.text);
  if (!parsed.ok) return error('bad-frame', `the body ${parsed.problem}`);
  const header = request.headers['idempotency-key'];
  const key = typeof header === 'string' && header !== '' ? header : undefined;
  if (key !== undefined && key.length > maxIdempotencyKey)
    return error('bad-frame', `an Idempotency-Key has at most ${maxIdempotencyKey} characters`);
  return { request: { id, body: parsed.value, by: nameOf(identity), key, identity } };
};
