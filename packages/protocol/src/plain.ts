import { conversationId, line, name, place } from './entry.ts';
import { refusalCode } from './frames.ts';
import { claimedName } from './name.ts';
import { object, oneOf, optional, type Static, text, type UnionOf, union } from './shape.ts';
import type { RefusalCode } from './words.ts';

/** The plain dialect (PROTOCOL.md §3): a client that offers no subprotocol sends exactly three things. */
const register = object({
  type: oneOf(['register']),
  name: claimedName,
  token: optional(text({ max: 8_192 })),
  /** The one that it always addresses, so that the router knows of a ring that leads through it (10.7). */
  target: optional(name),
});
const send = object({ target: name, text: line });
const ping = object({ type: oneOf(['ping']) });

export type PlainFrame =
  | { readonly type: 'register'; readonly name: string; readonly token?: string; readonly target?: string }
  | { readonly type: 'send'; readonly target: string; readonly text: string }
  | { readonly type: 'ping' };

export const plainClientSchema = {
  oneOf: [register.schema, { ...send.schema, not: { required: ['type'] } }, ping.schema],
};

const routerVariants = {
  /** Every frame with a `text` is something that a peer said. */
  message: { from: name, target: name, text: line, conversation: conversationId, seq: place.seq },
  error: { code: refusalCode, message: text({ max: 1_000 }) },
} as const;

export const plainRouterFrame = union(routerVariants);
type PlainRouterFrame = UnionOf<typeof routerVariants>;
export type PlainMessage = Extract<PlainRouterFrame, { type: 'message' }>;
export type PlainError = Extract<PlainRouterFrame, { type: 'error' }>;

/** `value` as a frame, or what is wrong with it. */
export const readPlain = (value: unknown): PlainFrame | { fault: string; code: RefusalCode } => {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === undefined) {
    const fault = send.fault(value, 'frame');
    if (fault) return { fault, code: 'bad-frame' };
    const { target, text: said } = send.pick(value as Static<typeof send>);
    return { type: 'send', target, text: said };
  }
  if (type === 'ping') return { type: 'ping' };
  if (type !== 'register') return { fault: 'type is not one of register, ping', code: 'unknown-type' };
  const fault = register.fault(value, 'frame');
  return fault ? { fault, code: 'bad-frame' } : register.pick(value as Static<typeof register>);
};
