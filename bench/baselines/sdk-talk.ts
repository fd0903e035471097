import OpenAI from 'openai';

interface Line {
  from: string;
  text: string;
}

/** The newest messages that fit into the history budget, as the agent of Parley does it. */
const newest = (lines: readonly Line[], tokens: number): readonly Line[] => {
  let left = tokens * 4;
  let first = lines.length;
  while (first > 0 && left - lines[first - 1]!.text.length >= 0) {
    first--;
    left -= lines[first]!.text.length;
  }
  return lines.slice(first);
};

/** One streamed reply of `self` with the SDK only, as in the usual first version of such a program. */
export const makeSpeaker = (baseURL: string, historyTokens: number) => {
  const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
  return async (self: string, lines: readonly Line[]): Promise<string> => {
    const stream = await client.chat.completions.create({
      model: 'mock',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: `You are ${self}. Talk with the other.` },
        ...newest(lines, historyTokens).map(
          ({ from, text }) => ({ role: from === self ? 'assistant' : 'user', content: text }) as const,
        ),
      ],
    });
    let reply = '';
    for await (const chunk of stream) reply += chunk.choices[0]?.delta.content ?? '';
    return reply;
  };
};
