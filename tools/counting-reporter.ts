import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** What a runner saw, as `npm test` and `.ci/run` add it up. */
export interface SuiteReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Reason of each skip, with how many tests it left out. */
  readonly skips: Readonly<Record<string, number>>;
}

/** Counts tests as vitest reports them and writes the counts to the file named by WRIT_REPORT. */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env['WRIT_REPORT'];
    if (file === undefined) return;
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    const skips: Record<string, number> = {};
    for (const module of modules) {
      // A module that fails to load has no tests to count; it must not vanish from the sum.
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else {
          skipped += 1;
          const noted = 'note' in result ? result.note : undefined;
          const reason = noted ?? reasonInTitle(test.fullName) ?? `no reason given (${test.fullName})`;
          skips[reason] = (skips[reason] ?? 0) + 1;
        }
      }
    }
    const report: SuiteReport = { passed, failed, skipped, skips };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(report));
  }
}

/** A skip whose condition is known before tests are collected says why in a title: `… (skipped: Go is not installed)`. */
function reasonInTitle(fullName: string): string | undefined {
  const segment = fullName.split(' > ').find((title) => title.includes('(skipped: '));
  return segment === undefined ? undefined : /\(skipped: (.*)\)/.exec(segment)?.[1];
}
