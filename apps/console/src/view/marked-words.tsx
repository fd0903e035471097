import { type ComponentChildren, cloneElement, isValidElement } from 'preact';
import { partsOf } from '../model/word-differences.ts';

/** The texts in elements, in order. Elements of `markdown` hold elements and texts only, no components. */
export const textsIn = (children: ComponentChildren): readonly string[] => {
  if (typeof children === 'string') return [children];
  if (Array.isArray(children)) return children.flatMap(textsIn);
  return isValidElement(children) ? textsIn(children.props.children as ComponentChildren) : [];
};

/** The same elements with those parts of their texts marked that are not `same`. */
export const withMarks = (children: ComponentChildren, same: readonly boolean[]): ComponentChildren => {
  let place = 0;
  const marked = (text: string): ComponentChildren => {
    const runs: { text: string; readonly same: boolean }[] = [];
    for (const part of partsOf(text)) {
      const isSame = same[place++] ?? true;
      const last = runs.at(-1);
      if (last?.same === isSame) last.text += part;
      else runs.push({ text: part, same: isSame });
    }
    return runs.map((run) => (run.same ? run.text : <mark>{run.text}</mark>));
  };
  const walk = (node: ComponentChildren): ComponentChildren => {
    if (typeof node === 'string') return marked(node);
    if (Array.isArray(node)) return node.map(walk);
    if (!isValidElement(node)) return node;
    const inner = node.props.children as ComponentChildren;
    return inner === undefined || inner === null ? node : cloneElement(node, {}, walk(inner));
  };
  return walk(children);
};
