import { conversationId, line, name, place } from './entry.ts';
import { refusalCode } from './frames.ts';
import { maxTextLength } from './limits.ts';
import { claimedName } from './name.ts';
import {
  flag,
  integer,
  list,
  object,
  oneOf,
  optional,
  type Shape,
  type Static,
  text,
  type UnionOf,
  union,
} from './shape.ts';
import { endings, type RefusalCode } from './words.ts';

/** The plain dialect (PROTOCOL.md §3): a client that offers no subprotocol. Three frames are all that it needs. */
const register = object({
  type: oneOf(['register']),
  name: claimedName,
  token: optional(text({ max: 8_192 })),
  /** The agent that the client always addresses, so that the router knows a ring of targets with this client (10.7). */
  target: optional(name),
  /** True: the client is sent the result of each of its frames, and the endings of its conversations. */
  ack: optional(flag),
});
const ref = optional(text({ min: 1, max: 64 }));
const send = object({
  /** May be missing when `conversation` is given. */
  target: optional(name),
  text: line,
  /** The conversation of the message. When missing: the one in which the two last wrote to each other. */
  conversation: optional(conversationId),
  /** A vote to end the conversation. */
  done: optional(flag),
  ref,
});
const aboutConversation = { conversation: optional(conversationId), ref };
const pass = object({ type: oneOf(['pass']), ...aboutConversation });
const leave = object({ type: oneOf(['leave']), ...aboutConversation });
const ping = object({ type: oneOf(['ping']) });

export type PlainFrame =
  | Static<typeof register>
  | (Static<typeof send> & { readonly type: 'send' })
  | Static<typeof pass>
  | Static<typeof leave>
  | { readonly type: 'ping' };
export type PlainFrameOf<T extends PlainFrame['type']> = Extract<PlainFrame, { type: T }>;

export const plainClientSchema = {
  oneOf: [
    register.schema,
    {
      ...send.schema,
      anyOf: [{ required: ['target'] }, { required: ['conversation'] }],
      not: { required: ['type'] },
    },
    pass.schema,
    leave.schema,
    ping.schema,
  ],
};

const routerVariants = {
  /** Every frame with a `text` is a message of a peer. */
  message: {
    from: name,
    target: name,
    text: line,
    conversation: conversationId,
    seq: place.seq,
    /** The single messages, when `text` joins several. */
    heard: optional(
      list(object({ from: name, seq: place.seq, text: text({ max: maxTextLength }) }), {
        max: maxTextLength,
      }),
    ),
  },
  error: { code: refusalCode, message: text({ max: 1_000 }), conversation: optional(conversationId), ref },
  /** The following are sent to a client that registered with `ack`. */
  registered: { name, router: text({ max: 64 }), maxTextLength: integer(1, Number.MAX_SAFE_INTEGER) },
  accepted: {
    conversation: conversationId,
    seq: place.seq,
    /** The addressee is not connected: the message waits for it. */
    waits: optional(flag),
    ref,
  },
  /** The client has the floor, and there is no message that it could be sent. */
  floor: { conversation: conversationId, topic: optional(text({ max: maxTextLength })) },
  ended: { conversation: conversationId, reason: oneOf(endings), detail: optional(text({ max: 1_000 })) },
} as const;

export const plainRouterFrame = union(routerVariants);
export type PlainRouterFrame = UnionOf<typeof routerVariants>;
export type PlainMessage = Extract<PlainRouterFrame, { type: 'message' }>;
export type PlainError = Extract<PlainRouterFrame, { type: 'error' }>;

const withoutPlace = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, 'target') || Object.hasOwn(value, 'conversation')
    ? undefined
    : 'frame.target is missing';
};

const typed = { register, pass, leave };

/** `value` as a frame, or what is wrong with it. */
export const readPlain = (value: unknown): PlainFrame | { fault: string; code: RefusalCode } => {
  const type = (value as { type?: unknown } | null)?.type;
  if (type === undefined) {
    const fault = withoutPlace(value) ?? send.fault(value, 'frame');
    if (fault) return { fault, code: 'bad-frame' };
    return { type: 'send', ...send.pick(value as Static<typeof send>) };
  }
  if (type === 'ping') return { type: 'ping' };
  const shape =
    typeof type === 'string' && Object.hasOwn(typed, type) ? typed[type as keyof typeof typed] : undefined;
  if (!shape) return { fault: 'type is not one of register, pass, leave, ping', code: 'unknown-type' };
  const fault = shape.fault(value, 'frame');
  return fault ? { fault, code: 'bad-frame' } : (shape as Shape<PlainFrame>).pick(value as PlainFrame);
};
