import type { Bundle } from '@writ/bundle';
import { testModules } from '../test-bundle.ts';

/** Tests that one bundle passes and that do not hold for another. */
export interface BrokenTests {
  /** Tests that were tried. */
  readonly tried: number;
  readonly broken: readonly { readonly test: string; readonly file: string; readonly row: number }[];
  /** They could not be tried: they do not compile with the other bundle. */
  readonly failure?: string;
}

/** Runs the tests that came with `before` against the policies of `after`: what was promised and does not hold any more. */
export function brokenTests(before: Bundle, after: Bundle): BrokenTests {
  if (before.testModules.length === 0) return { tried: 0, broken: [] };
  try {
    const modules = [...after.modules, ...before.testModules];
    const { results } = testModules({ about: after.name, modules, data: after.data });
    const broken = results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
    return {
      tried: results.length,
      broken: broken.map(({ path, file, row }) => ({ test: path, file, row })),
    };
  } catch (error) {
    return { tried: 0, broken: [], failure: (error as Error).message };
  }
}
