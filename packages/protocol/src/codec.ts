import { type ClientFrame, clientFrame, type RouterFrame, routerFrame } from './frames.ts';
import { parseJson } from './json.ts';
import { maxFrameBytes } from './limits.ts';
import { type PlainFrame, readPlain } from './plain.ts';
import type { Union } from './shape.ts';
import type { RefusalCode } from './words.ts';

export type Decoded<F> =
  | { readonly ok: true; readonly frame: F }
  | { readonly ok: false; readonly code: RefusalCode; readonly problem: string };

const bad = (code: RefusalCode, problem: string) => ({ ok: false, code, problem }) as const;

const parse = (raw: string): Decoded<unknown> => {
  const parsed = parseJson(raw);
  return parsed.ok ? { ok: true, frame: parsed.value } : bad('bad-frame', `frame ${parsed.problem}`);
};

const decode = <F>(raw: string, frames: Union<F>): Decoded<F> => {
  const parsed = parse(raw);
  if (!parsed.ok) return parsed;
  const type = (parsed.frame as { type?: unknown } | null)?.type;
  if (typeof type === 'string' && !frames.knows(type))
    return bad('unknown-type', 'frame has an unknown type');
  const fault = frames.fault(parsed.frame, 'frame');
  return fault ? bad('bad-frame', fault) : { ok: true, frame: frames.pick(parsed.frame as F) };
};

/** Decoding never throws: hostile input is an ordinary result. Fields that the shapes do not name are gone. */
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
