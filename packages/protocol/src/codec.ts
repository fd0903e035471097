import { conversationId, count } from './entry.ts';
import { type ClientFrame, clientFrame, type RouterFrame, routerFrame } from './frames.ts';
import { parseJson } from './json.ts';
import { maxFrameBytes } from './limits.ts';
import { type PlainFrame, readPlain } from './plain.ts';
import type { Union } from './shape.ts';
import type { RefusalCode } from './words.ts';

export type Decoded<F> =
  | { readonly ok: true; readonly frame: F }
  | {
      readonly ok: false;
      readonly code: RefusalCode;
      readonly problem: string;
      /** Fields of the frame that could be read, so that its sender can tell which frame was wrong. */
      readonly about?: About;
    };

interface About {
  readonly ref?: string;
  readonly conversation?: string;
  readonly turn?: number;
}

const aboutOf = (value: unknown): About => {
  const { ref: asked, conversation, turn } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof asked === 'string' && asked !== '' && asked.length <= 64 && { ref: asked }),
    ...(conversationId.fault(conversation, '') === undefined && { conversation: conversation as string }),
    ...(count.fault(turn, '') === undefined && { turn: turn as number }),
  };
};

const bad = (code: RefusalCode, problem: string, value?: unknown) =>
  ({ ok: false, code, problem, ...(value !== undefined && { about: aboutOf(value) }) }) as const;

const parse = (raw: string): Decoded<unknown> => {
  const parsed = parseJson(raw);
  return parsed.ok ? { ok: true, frame: parsed.value } : bad('bad-frame', `frame ${parsed.problem}`);
};

const decode = <F>(raw: string, frames: Union<F>): Decoded<F> => {
  const parsed = parse(raw);
  if (!parsed.ok) return parsed;
  const type = (parsed.frame as { type?: unknown } | null)?.type;
  if (typeof type === 'string' && !frames.knows(type))
    return bad('unknown-type', 'frame has an unknown type', parsed.frame);
  const fault = frames.fault(parsed.frame, 'frame');
  return fault ? bad('bad-frame', fault, parsed.frame) : { ok: true, frame: frames.pick(parsed.frame as F) };
};

/** Never throws: hostile input is an ordinary result. Fields that the shapes do not name are removed. */
export const decodeClientFrame = (raw: string): Decoded<ClientFrame> =>
  raw.length > maxFrameBytes ? bad('too-large', 'frame is too large') : decode(raw, clientFrame);

export const decodeRouterFrame = (raw: string): Decoded<RouterFrame> => decode(raw, routerFrame);

export const decodePlainFrame = (raw: string): Decoded<PlainFrame> => {
  if (raw.length > maxFrameBytes) return bad('too-large', 'frame is too large');
  const parsed = parse(raw);
  if (!parsed.ok) return parsed;
  const frame = readPlain(parsed.frame);
  return 'fault' in frame ? bad(frame.code, frame.fault) : { ok: true, frame };
};
