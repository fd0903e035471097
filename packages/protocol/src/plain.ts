import { line, name } from './entry.ts';
import { object, type Static, text } from './shape.ts';
import type { RefusalCode } from './words.ts';

/** The plain dialect (PROTOCOL.md §3): a client that offers no subprotocol sends exactly three things. */
const register = object({ name: text({ max: 1_000 }) });
const send = object({ target: name, text: line });

export type PlainFrame =
  | { readonly type: 'register'; readonly name: string }
  | { readonly type: 'send'; readonly target: string; readonly text: string }
  | { readonly type: 'ping' };

/** Every frame with a `text` is something that a peer said. */
export interface PlainMessage {
  readonly type: 'message';
  readonly from: string;
  readonly target: string;
  readonly text: string;
  readonly conversation: string;
  readonly seq: number;
}
export interface PlainError {
  readonly type: 'error';
  readonly code: RefusalCode;
  readonly message: string;
}

export const plainSchema = {
  oneOf: [
    {
      ...register.schema,
      properties: { type: { const: 'register' }, ...(register.schema.properties as object) },
    },
    send.schema,
    { type: 'object', properties: { type: { const: 'ping' } }, required: ['type'] },
  ],
};

/** `value` as a frame, or what is wrong with it. */
export const readPlain = (value: unknown): PlainFrame | { fault: string; code: RefusalCode } => {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === undefined) {
    const fault = send.fault(value, 'frame');
    if (fault) return { fault, code: 'bad-frame' };
    const { target, text: said } = value as Static<typeof send>;
    return { type: 'send', target, text: said };
  }
  if (type === 'ping') return { type: 'ping' };
  if (type !== 'register') return { fault: 'type is not one of register, ping', code: 'unknown-type' };
  const fault = register.fault(value, 'frame');
  return fault
    ? { fault, code: 'bad-frame' }
    : { type: 'register', name: (value as Static<typeof register>).name };
};
