import type { LogLine } from './service-process.ts';

/** Prints notes from the logs of services, each note once: the models that answer, and the problems. */
export const logNotes = (note: (text: string) => void): ((service: string, line: LogLine) => void) => {
  const noted = new Set<string>();
  const noteOnce = (text: string, key = text) => {
    if (!noted.has(key)) note(text);
    noted.add(key);
  };
  return (service, { level, msg, model, server, problem, err }) => {
    if (msg.startsWith('rehearsal')) {
      noteOnce(
        'The lines come from a built-in script, not from a language model. For a real one, set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own.',
        'rehearsal',
      );
    } else if (msg === 'language model') noteOnce(`The model is ${model} at ${server}.`);
    else if (['warn', 'error', 'fatal'].includes(level)) {
      const why = problem ?? (err as { message?: unknown } | undefined)?.message;
      noteOnce(`${service}: ${msg}${typeof why === 'string' ? `: ${why}` : ''}`);
    }
  };
};
