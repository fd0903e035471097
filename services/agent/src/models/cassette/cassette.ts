import { createHash } from 'node:crypto';
import { failed, type Model, type ModelReply, type ModelRequest } from '../model.ts';
import { difference, nearest } from './cassette-diff.ts';
import type { CassetteFile } from './cassette-file.ts';
import type { FixedParameters, Manifest, RecordedRequest } from './recorded-call.ts';

/** The part of a request that is recorded. Equal requests give equal text on every machine. */
export const requestOf = (
  {
    messages,
    maxOutputTokens,
    model: named,
    seed,
  }: Pick<ModelRequest, 'messages' | 'maxOutputTokens' | 'model' | 'seed'>,
  model: string,
  { temperature }: FixedParameters,
): RecordedRequest => {
  return {
    model: named ?? model,
    messages: messages.map(({ role, content }) => ({ role, content })),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(seed !== undefined && { seed }),
  };
};

export const hashOf = (request: RecordedRequest): string =>
  createHash('sha256').update(JSON.stringify(request)).digest('hex');

/** Records every call. If a call cannot be written, it fails and its reply is not used, so that a cassette is always complete. */
export const recording = (model: Model, file: CassetteFile, fixed: FixedParameters): Model => ({
  provider: model.provider,
  name: model.name,
  async reply(request) {
    const reply = await model.reply(request);
    // The turn was aborted. It is granted again, and that call is recorded.
    if (reply.kind === 'failed' && reply.reason === 'interrupted') return reply;
    const asked = requestOf(request, model.name, fixed);
    const problem = file.append({ kind: 'call', hash: hashOf(asked), request: asked, reply });
    return problem === undefined
      ? reply
      : failed('model-rejected', `the cassette cannot be written: ${problem}`);
  },
});

export interface Replay {
  readonly manifest: Pick<Manifest, 'provider' | 'model'>;
  readonly fixed: FixedParameters;
  readonly file: CassetteFile;
  /** Called for a call that was not recorded, with its difference from the most similar recorded call. */
  readonly onMiss: (about: { readonly hash: string; readonly why: string; readonly diff: string }) => void;
}

/** Answers only from a cassette: each recorded call once, calls with the same request in their order. */
export const replaying = ({ manifest, fixed, file, onMiss }: Replay): Model => {
  const replies = new Map<string, ModelReply[]>();
  const used = new Map<string, number>();
  for (const { hash, reply } of file.calls()) replies.set(hash, [...(replies.get(hash) ?? []), reply]);

  const miss = (asked: RecordedRequest, hash: string): ModelReply => {
    const times = replies.get(hash)?.length ?? 0;
    const why =
      times === 0 ? 'no recorded call is like this one' : `the ${times} recorded calls like it are used up`;
    const closest = times === 0 ? nearest(file.calls(), asked) : undefined;
    onMiss({ hash, why, diff: closest ? difference(closest.request, asked) : '' });
    return failed('model-rejected', `cassette: ${why} (${hash.slice(0, 12)})`);
  };

  return {
    provider: manifest.provider,
    name: manifest.model,
    async reply(request) {
      const asked = requestOf(request, manifest.model, fixed);
      const hash = hashOf(asked);
      const at = used.get(hash) ?? 0;
      const reply = replies.get(hash)?.[at];
      if (!reply) return miss(asked, hash);
      used.set(hash, at + 1);
      if (reply.kind === 'text') request.onText?.(reply.text);
      return reply;
    },
  };
};
