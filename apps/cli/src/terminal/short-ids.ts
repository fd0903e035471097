/** The shortest prefixes of the ids that are all different. */
export const shortIds = (ids: readonly string[]): ReadonlyMap<string, string> => {
  for (let length = 6; ; length++) {
    const short = ids.map((id) => id.slice(0, length));
    if (new Set(short).size === ids.length || ids.every((id) => id.length <= length))
      return new Map(ids.map((id, place) => [id, short[place] as string]));
  }
};
