import { nameFault, normalName } from '@parley/protocol';
import { type Setting, text } from '@parley/runtime';

export const name = (variable: string, help: string): Setting<string | undefined> => {
  const setting = text(variable, { help, fallback: undefined, fault: nameFault });
  return {
    ...setting,
    read(raw, ...where) {
      const read = setting.read(raw, ...where);
      return 'value' in read && read.value !== undefined ? { value: normalName(read.value) } : read;
    },
  };
};

export const list = (
  variable: string,
  about: { help: string; separator: string; fault?: (item: string) => string | undefined },
): Setting<readonly string[]> => ({
  variable,
  help: about.help,
  shown: '',
  secret: false,
  read(raw) {
    const items = (raw ?? '').split(about.separator).map((item) => item.trim());
    const value = items.filter((item) => item !== '');
    const wrong = value.find((item) => about.fault?.(item) !== undefined);
    return wrong === undefined
      ? { value: about.fault ? value.map(normalName) : value }
      : { problem: `${JSON.stringify(wrong)}: ${about.fault?.(wrong)}` };
  },
});

/** Agents of one process. Each has a connection, so that a slip such as `{1..99999}` would be felt by the router. */
const maxAgents = 1_000;

/** One name of AGENT_NAMES. `group` is what its variables may also begin with: `crowd` for each of `crowd-{1..50}`. */
export interface AgentName {
  readonly name: string;
  readonly group: string | undefined;
}

const range = /^([^{}]*)\{(\d{1,9})\.\.(\d{1,9})\}([^{}]*)$/;

/** The names that one item stands for: itself, or one for each number of its range; `{01..10}` pads with zeros. */
const namesOf = (item: string): readonly AgentName[] | undefined => {
  const [, before = '', first = '', last = '', after = ''] = range.exec(item) ?? [];
  if (first === '') return [{ name: normalName(item), group: undefined }];
  const count = Number(last) - Number(first) + 1;
  if (count < 1 || count > maxAgents) return undefined;
  const width = first.startsWith('0') ? first.length : 0;
  const group = normalName(`${before}${after}`).replace(/^[._-]+|[._-]+$/g, '') || undefined;
  return Array.from({ length: count }, (_, place) => {
    const number = String(Number(first) + place).padStart(width, '0');
    return { name: normalName(`${before}${number}${after}`), group };
  });
};

/** The names of all agents of a process; empty when it is not set. */
export const agentNames = (variable: string, help: string): Setting<readonly AgentName[]> => ({
  variable,
  help,
  shown: '',
  secret: false,
  read(raw = '') {
    const names: AgentName[] = [];
    for (const item of raw.split(/[,\n]/).map((one) => one.trim())) {
      if (item === '') continue;
      const more = namesOf(item);
      if (!more) return { problem: `${JSON.stringify(item)}: a range has 1 to ${maxAgents} numbers, rising` };
      names.push(...more);
      const wrong = more.find((one) => nameFault(one.name) !== undefined)?.name;
      if (wrong !== undefined) return { problem: `${JSON.stringify(wrong)}: ${nameFault(wrong)}` };
      if (names.length > maxAgents) return { problem: `has more than ${maxAgents} names` };
    }
    const seen = new Set<string>();
    const again = names.find((one) => seen.size === seen.add(one.name).size)?.name;
    return again === undefined ? { value: names } : { problem: `${again} is there twice` };
  },
});
