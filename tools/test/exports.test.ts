import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PublishedExports, readPublishedExports } from '../exports.ts';

const HOW = 'a published name or code changed: if it is meant, run `npm run pin` and commit the difference';
const pinned: PublishedExports = JSON.parse(
  readFileSync(join(import.meta.dirname, 'pinned-exports.json'), 'utf8'),
);
const actual = await readPublishedExports(join(import.meta.dirname, '../..'));

describe('what packages export', () => {
  it('is as many entries as are pinned', () => {
    expect(Object.keys(actual), HOW).toEqual(Object.keys(pinned));
  });

  it.each(Object.keys(pinned))('of %s is as pinned: names and codes', (entry) => {
    expect(actual[entry], HOW).toEqual(pinned[entry]);
  });

  it('holds the codes of errors and reasons', () => {
    expect(actual['@writ/decision']?.codes['REASON_CODES']).toContain('no_grant');
    expect(Object.values(actual).filter(({ codes }) => Object.keys(codes).length > 0).length).toBeGreaterThan(
      4,
    );
  });
});
