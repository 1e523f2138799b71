import { isSkip, startOracle } from '@writ/testing';
import { expect, test } from 'vitest';
import { CALLED } from './builtin-calls.ts';
import { runDifferential, total } from './run.ts';

const CASES = 5_000;
/** Differences are still found now and then (see `docs/limits.md`); more than this share of programs is news. */
const SHARE_MAX = 0.015;

const oracle = await startOracle();
const why = isSkip(oracle) ? ` (skipped: ${oracle.skip})` : '';

test.skipIf(isSkip(oracle))(
  `[P-REGO-AS-OPA] generated programs give what they give in OPA${why}`,
  async () => {
    if (isSkip(oracle)) return;
    const seed = Date.now() % 1_000_000_007;
    const report = await runDifferential(oracle, {
      seed,
      cases: CASES,
      shown: 3,
      found: (text) => console.log(text),
    });
    await oracle.stop();
    const differences = total(report.divergences);
    console.log(
      `seed ${seed}: ${report.cases} cases of ${report.programs} programs, ${differences} differences`,
    );
    expect(differences).toBeLessThan(report.programs * SHARE_MAX);
    // Comparisons of nothing prove nothing.
    expect(report.defined).toBeGreaterThan(report.cases * 0.35);
    expect(report.coverage.missing(CALLED.map(({ name }) => `builtin ${name}`)).length).toBeLessThan(
      CALLED.length / 3,
    );
  },
  240_000,
);
