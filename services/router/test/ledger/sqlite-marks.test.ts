import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { markRows } from '../../src/ledger/sqlite/sqlite-marks.ts';

/** A table that keeps ten names, and how often all its rows were read. */
const table = () => {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE marks (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT');
  const read = { times: 0 };
  const prepare = (sql: string) => {
    if (/^SELECT name\b/.test(sql)) read.times++;
    return database.prepare(sql);
  };
  return { read, rows: markRows({ prepare }, 10) };
};
const named = (from: number, count: number) =>
  new Map(Array.from({ length: count }, (_, index) => [`client-${from + index}`, from + index + 1]));

it('the names of watermarks are read only when some are to be forgotten, also when nearly as many as may be are kept', () => {
  const { read, rows } = table();
  rows.keep(named(0, 9));
  for (let call = 0; call < 20; call++) rows.keep(named(call % 9, 1));
  rows.keep(named(9, 1));
  expect(read.times).toBe(0);
  rows.keep(named(10, 1));
  expect(read.times).toBe(1);
  expect([...rows.all().keys()].sort()).toEqual([...named(2, 9).keys()].sort());
});
