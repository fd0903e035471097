/**
 * The channels of gpt-oss (harmony): `analysis` and `commentary` are reasoning, `final` is the reply. Some servers pass the
 * channels on with their markers. Others remove the markers and keep the names of the channels.
 */
const channel = /<\|channel\|>\s*([a-z]+)[^<]*(?:<\|(?:constrain|message)\|>[^<]*)*?<\|message\|>/gi;
const marker = /<\|(?:channel|start|message|constrain)\|>/i;
/** In back-quotes, a marker is only a word, unless the reply begins with markers. */
const codeSpan = /```[\s\S]*?```|`[^`\n]+`/g;
const leadingMarker = /^\s*(?:assistant\s*)?<\|/i;
const endOfMessage = /<\|(?:end|return|call|start|channel)\|>/i;

/** What may be between the end of the reasoning and a reply that has no channel. A message of another role is no reply. */
const beforeReply =
  /^\s*<\|(?:end|return|call)\|>\s*(?:<\|start\|>\s*(?:assistant\s*|(?=<\|message\|>)))?(?:<\|message\|>)?/i;

const byMarkers = (raw: string): string => {
  let reply: string | undefined;
  let behind = '';
  for (const match of raw.matchAll(channel)) {
    const text = raw.slice(match.index + match[0].length);
    const end = text.search(endOfMessage);
    if (match[1]!.toLowerCase() === 'final') reply = end < 0 ? text : text.slice(0, end);
    behind = end < 0 ? '' : text.slice(end);
  }
  if (reply !== undefined) return reply;
  // The last message has no channel, or it is not certain which one.
  const last = beforeReply.test(behind) ? behind.replace(beforeReply, '') : '';
  const end = last.search(endOfMessage);
  const text = end < 0 ? last : last.slice(0, end);
  // Text before the first marker belongs to no channel.
  return text.trim() === '' ? raw.slice(0, raw.search(marker)) : text;
};

/** `analysisThe user…`: the name of a channel, not followed by a word that continues an English sentence. */
const bareReasoning = /^\s*(?:assistant)?(?:analysis|commentary)(?=[^\s\p{Ll}\p{Mn}.,;:!?)'’-]|\s*\n)/u;
/** `analysis We …assistant final …`: the markers were replaced by blanks. */
const spacedReasoning = /^\s*(?:assistant\s+)?(?:analysis|commentary)\s/;
const bareFinal = /assistant\s?(?:channel\s?)?final(?=[^\p{Ll}\p{Mn}])/gu;
const onlyFinal = /^\s*(?:assistant)?final(?=[\p{Lu}\p{Lo}"“«*]|[^\S\n]*\n)/u;
/** `final` after the end of a sentence, without its marker and without a blank after it. */
const joinedFinal = /(?<=[.!?…。！？"”)\]]\s{0,2})final(?=[\p{Lu}\p{Lo}"“«*])/gu;

const byNames = (raw: string): string => {
  const last = [...raw.matchAll(bareFinal)].at(-1);
  if (!last && bareReasoning.test(raw)) {
    const joined = [...raw.matchAll(joinedFinal)].at(-1);
    return joined ? raw.slice(joined.index + joined[0].length) : '';
  }
  if (bareReasoning.test(raw) || (last && spacedReasoning.test(raw)))
    return last ? raw.slice(last.index + last[0].length) : '';
  const only = onlyFinal.exec(raw);
  return only ? raw.slice(only[0].length) : raw;
};

/** Whether the reply has markers of channels that are more than words. */
const hasMarkers = (raw: string): boolean =>
  marker.test(raw) && (marker.test(raw.replace(codeSpan, '')) || leadingMarker.test(raw));

/** The text of the last channel `final`; the whole reply when it has no channels. */
export const withoutChannels = (raw: string): string => {
  if (hasMarkers(raw)) return byMarkers(raw);
  return marker.test(raw) ? raw : byNames(raw);
};

/** Whether the text before the first marker is reasoning: the chat template opened its channel, so the reply follows later. */
export const endsUnopenedChannel = (raw: string): boolean => {
  if (!hasMarkers(raw)) return false;
  const before = raw.slice(0, raw.search(marker));
  return before.trim() !== '' && byMarkers(raw) !== before;
};

const leads = [
  'analysis',
  'commentary',
  'assistantanalysis',
  'assistantcommentary',
  'assistantfinal',
  'final',
];

/** Whether an unfinished reply may have channels. Such a reply is not streamed. */
export const mayHaveChannels = (raw: string): boolean => {
  if (marker.test(raw)) return true;
  const start = raw.trimStart().slice(0, 20);
  return leads.some((lead) => (start.length < lead.length ? lead.startsWith(start) : start.startsWith(lead)));
};
