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
  /** Files whose worker process died under them; their tests are not in the counts. */
  readonly crashed: readonly string[];
}

/** Counts tests as vitest reports them and writes the counts to the file named by WRIT_REPORT. */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env['WRIT_REPORT'];
    if (file === undefined) return;
    let passed = 0;
    const crashed = errors.flatMap(crashedFile);
    let failed = errors.length - crashed.length;
    let skipped = 0;
    const skips: Record<string, number> = {};
    for (const module of modules) {
      if (crashed.includes(module.moduleId)) continue;
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
    const report: SuiteReport = { passed, failed, skipped, skips, crashed };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(report));
  }
}

/** A skip whose condition is known before tests are collected says why in a title: `… (skipped: Go is not installed)`. */
function reasonInTitle(fullName: string): string | undefined {
  const segment = fullName.split(' > ').find((title) => title.includes('(skipped: '));
  return segment === undefined ? undefined : /\(skipped: (.*)\)/.exec(segment)?.[1];
}

/** The file that a worker process was running when a signal killed it, from vitest's own message. */
function crashedFile(error: unknown): string[] {
  for (
    let cause = error;
    cause instanceof Object && 'message' in cause;
    cause = (cause as { cause?: unknown }).cause
  ) {
    const file = /Worker exited unexpectedly with signal \w+ .*running test file (\S+)/.exec(
      String(cause.message),
    )?.[1];
    if (file !== undefined) return [file];
  }
  return [];
}
