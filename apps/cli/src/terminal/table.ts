import { columnsOf, cut, harmless, paint, type Screen, type Style } from './terminal.ts';

export interface Column<Row> {
  readonly title: string;
  readonly right?: boolean;
  /** On a terminal, longer texts of the column are truncated to this width. */
  readonly most?: number;
  text(row: Row): string;
  styles?(row: Row): readonly Style[];
}

/** Rows with a heading. The last column is truncated at the edge of a terminal, but not in a pipe. */
export const table = <Row>(screen: Screen, columns: readonly Column<Row>[], rows: readonly Row[]): string => {
  const cells = rows.map((row) =>
    columns.map((column) => {
      const text = harmless(column.text(row)).replaceAll('\n', ' ');
      return screen.live && column.most !== undefined ? cut(text, column.most) : text;
    }),
  );
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((row) => columnsOf(row[i] as string))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0);
  const width = screen.live ? Math.max(10, screen.columns - before) : Number.POSITIVE_INFINITY;
  const line = (texts: readonly string[], styles: (i: number) => readonly Style[]): string =>
    texts
      .map((text, i) => {
        const last = i === texts.length - 1;
        const space = ' '.repeat(Math.max(0, (widths[i] as number) - columnsOf(text)));
        const shown = paint(screen, last ? cut(text, width) : text, ...styles(i));
        return columns[i]?.right ? space + shown : last ? shown : shown + space;
      })
      .join('  ')
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      () => ['dim'],
    ),
    ...rows.map((row, r) => line(cells[r] as string[], (i) => columns[i]?.styles?.(row) ?? [])),
    '',
  ].join('\n');
};
