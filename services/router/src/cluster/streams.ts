import { ConfigError } from '@parley/runtime';
import { hashOf } from './home.ts';

/** One of the streams among which a deployment divides its conversations. */
export interface ShardStream {
  readonly name: string;
  /** Its part of the new conversations, compared with the other streams. 0: it gets none. */
  readonly weight: number;
  /** The address of the routers that serve it, without a path. */
  readonly url: string;
}

const hashes = 2 ** 32;

/**
 * The stream of a new conversation, by weighted rendezvous hashing of its id: each stream gets conversations in proportion to
 * its weight, and the highest score wins. The score of a stream depends on its own name and weight only. So when a stream is
 * added, or gets more weight, ids move to it and between no other ones; when it gets weight 0, its ids are divided among the
 * others. A conversation that exists never moves: this rule is for new ones. Undefined when no stream has a weight.
 */
export const streamOf = (conversation: string, streams: readonly ShardStream[]): ShardStream | undefined => {
  let chosen: ShardStream | undefined;
  let highest = 0;
  for (const stream of streams) {
    const share = (hashOf(`${stream.name} ${conversation}`) + 0.5) / hashes;
    const score = stream.weight / -Math.log(share);
    if (score > highest || (score === highest && chosen && stream.name < chosen.name))
      [chosen, highest] = [stream, score];
  }
  return chosen;
};

const streamPattern = /^([A-Za-z0-9_-]{1,32})(?:\*(\d{1,3}))?=(https?:\/\/[^\s,]+)$/;

/** Reads `NAME[*WEIGHT]=URL,…`. Returns the problem, as the end of a sentence, when that is not what the text is. */
export const streamsIn = (text: string): readonly ShardStream[] | { readonly problem: string } => {
  const streams: ShardStream[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, name = '', weight = '1', address = ''] = streamPattern.exec(part) ?? [];
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || url.username || url.password || `${url.origin}/` !== url.href)
      return {
        problem: `expected NAME=URL or NAME*WEIGHT=URL, such as PARLEY_A=https://a.example, not ${part}`,
      };
    if (streams.some((one) => one.name === name)) return { problem: `${name} is there twice` };
    streams.push({ name, weight: Number(weight), url: url.origin });
  }
  if (streams.every(({ weight }) => weight === 0)) return { problem: 'no stream takes new conversations' };
  return streams;
};

/** What ROUTER_NATS_STREAMS says; undefined when it is not set. Throws a ConfigError when this router cannot work with it. */
export const dividedStreams = ({
  natsStream: own,
  natsStreams: text,
}: {
  readonly natsStream: string;
  readonly natsStreams: string | undefined;
}): { readonly own: string; readonly streams: readonly ShardStream[] } | undefined => {
  if (text === undefined) return undefined;
  const streams = streamsIn(text);
  const refused = (problem: string) => new ConfigError([`ROUTER_NATS_STREAMS: ${problem}`]);
  if ('problem' in streams) throw refused(streams.problem);
  if (!streams.some(({ name }) => name === own))
    throw refused(`has no ${own}, which is the stream of this router (ROUTER_NATS_STREAM)`);
  return { own, streams };
};
