import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROMISES } from '../../conformance/promises.ts';
import { citedPromises } from '../promises.ts';

const cited = citedPromises(join(import.meta.dirname, '../..'));

describe('promises', () => {
  it('each has a test that cites it', () => {
    expect(Object.keys(PROMISES).filter((id) => !cited.has(id))).toEqual([]);
  });

  it('nothing is cited that is not promised', () => {
    const unknown = [...cited]
      .filter(([id]) => PROMISES[id] === undefined)
      .map(([id, files]) => `${id} in ${files}`);
    expect(unknown).toEqual([]);
  });
});
