import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEntry, VERIFIER_KEY_FILE_NAME, verifyLog } from '@writ/ledger';
import { type BudgetDefinition, budgetUse } from '@writ/state';
import { openStoreReader } from '@writ/store';
import type { Told } from './calls.ts';

/** What the files of a data directory hold of decisions, read by nobody's process but this one. */
export class Recorded {
  /** Effect by decision id. */
  readonly effects = new Map<string, string>();
  /** Decisions that let something proceed, by principal. */
  readonly proceeded = new Map<string, number>();
  /** Ids that stand in the record more than once. */
  readonly twice: string[] = [];
  entries = 0;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Reads the entries that were added since the last time. */
  readOn(): void {
    const reader = openStoreReader(this.#directory);
    try {
      const size = reader.logSize();
      for (const stored of reader.entries(this.entries, size)) {
        const entry = readEntry(stored);
        if (!entry.ok) throw new Error(`entry ${stored.index} is unreadable: ${entry.message}`);
        const { core, fields } = entry.value;
        if (core.kind !== 'decision' || core.decision_id === undefined) continue;
        if (this.effects.has(core.decision_id)) this.twice.push(core.decision_id);
        this.effects.set(core.decision_id, String(core.effect));
        if (core.effect !== 'proceed') continue;
        const principal = String(fields.principal);
        this.proceeded.set(principal, (this.proceeded.get(principal) ?? 0) + 1);
      }
      this.entries = size;
    } finally {
      reader.close();
    }
  }

  /** Acknowledged decisions that are not there, or there with another effect. */
  missing(acknowledged: Iterable<Told>): string[] {
    return [...acknowledged].filter(({ id, effect }) => this.effects.get(id) !== effect).map(({ id }) => id);
  }

  /** Where a budget's use is not the count of what proceeded, or beyond the limit; one sentence each. */
  budgetFaults(budget: BudgetDefinition): string[] {
    const reader = openStoreReader(this.#directory);
    try {
      return [...this.proceeded].flatMap(([principal, count]) => {
        const { used, limit } = budgetUse(
          (key) => reader.read(key),
          budget,
          { principal, actor: 'agent:load' },
          Date.now(),
        );
        const fault =
          used !== count ? `${count} proceeded` : used > limit ? `the limit is ${limit}` : undefined;
        return fault === undefined ? [] : [`${principal}: ${used} used, ${fault}`];
      });
    } finally {
      reader.close();
    }
  }
}

/** Verifies the log from its files, against what was seen before. */
export function verifyFiles(
  directory: string,
  seen: string | undefined,
): { readonly problems: readonly string[]; readonly seen: string | undefined } {
  const key = readFileSync(join(directory, VERIFIER_KEY_FILE_NAME), 'utf8').trim();
  const report = verifyLog({ directory, verifierKeys: [key], ...(seen === undefined ? {} : { seen }) });
  const problems = report.problems.map(({ code, message, index }) => `${code} ${index ?? ''}: ${message}`);
  return { problems: report.ok ? [] : [...problems, 'not verified'], seen: report.seen ?? seen };
}
