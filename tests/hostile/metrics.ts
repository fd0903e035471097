export interface RouterReadings {
  readonly connections: number;
  readonly frames: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

const sum = (text: string, name: string): number =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

/** What the router says of itself. `http`: its base URL. */
export const readMetrics = async (http: string): Promise<RouterReadings> => {
  const text = await (await fetch(`${http}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  return {
    connections: sum(text, 'parley_connections'),
    frames: sum(text, 'parley_frames_received_total'),
    residentBytes: sum(text, 'process_resident_memory_bytes'),
    heapBytes: sum(text, 'nodejs_heap_size_used_bytes'),
  };
};
