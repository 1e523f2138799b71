import { expect, it } from 'vitest';
import { createRandomPool } from '../../src/pipeline/random-pool.ts';

it('gives as many bytes as asked for, and none twice, over many blocks', () => {
  const random = createRandomPool();
  const seen = new Set<string>();
  for (let count = 0; count < 3000; count++) {
    const bytes = random(16);
    expect(bytes).toHaveLength(16);
    seen.add(Buffer.from(bytes).toString('hex'));
  }
  expect(seen.size).toBe(3000);
  expect(random(10_000)).toHaveLength(10_000);
});
