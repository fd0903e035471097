/**
 * The channels of gpt-oss (harmony): `analysis` and `commentary` are reasoning, `final` is the reply. Some servers pass the
 * channels on with their markers. Others remove the markers and keep the names of the channels.
 */
const channel = /<\|channel\|>\s*([a-z]+)[^<]*(?:<\|(?:constrain|message)\|>[^<]*)*?<\|message\|>/gi;
const marker = /<\|(?:channel|start|message|constrain)\|>/i;
const endOfMessage = /<\|(?:end|return|call|start|channel)\|>/i;

const byMarkers = (raw: string): string => {
  let reply: string | undefined;
  for (const match of raw.matchAll(channel)) {
    if (match[1]!.toLowerCase() !== 'final') continue;
    const text = raw.slice(match.index + match[0].length);
    const end = text.search(endOfMessage);
    reply = end < 0 ? text : text.slice(0, end);
  }
  // Text before the first marker belongs to no channel.
  return reply ?? raw.slice(0, raw.search(marker));
};

/** `analysisThe user…`: the name of a channel, not followed by a word that continues an English sentence. */
const bareReasoning = /^\s*(?:assistant)?(?:analysis|commentary)(?=[^\s\p{Ll}\p{Mn}.,;:!?)'’-]|\s*\n)/u;
/** `analysis We …assistant final …`: the markers were replaced by blanks. */
const spacedReasoning = /^\s*(?:assistant\s+)?(?:analysis|commentary)\s/;
const bareFinal = /assistant\s?(?:channel\s?)?final(?=[^\p{Ll}\p{Mn}])/gu;
const onlyFinal = /^\s*(?:assistant)?final(?=[\p{Lu}\p{Lo}"“«*])/u;

const byNames = (raw: string): string => {
  const finals = [...raw.matchAll(bareFinal)];
  const last = finals.at(-1);
  if (bareReasoning.test(raw) || (last && spacedReasoning.test(raw)))
    return last ? raw.slice(last.index + last[0].length) : '';
  const only = onlyFinal.exec(raw);
  return only ? raw.slice(only[0].length) : raw;
};

/** The text of the last channel `final`; the whole reply when it has no channels. */
export const withoutChannels = (raw: string): string => (marker.test(raw) ? byMarkers(raw) : byNames(raw));

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
