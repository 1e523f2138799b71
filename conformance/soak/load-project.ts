import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BudgetDefinition } from '@writ/state';

export const TUTORIAL_BUNDLE = join(import.meta.dirname, '../../examples/tutorial/bundle');

/** A folder with a configuration for services under load; the policy is the tutorial's. */
export interface LoadProject {
  readonly folder: string;
  readonly config: string;
  /** The data directory that every process shares. */
  readonly data: string;
  readonly budget: BudgetDefinition;
  remove(): void;
}

/**
 * Makes it in `kept`, which stays, or below the system's temporary folder; every principal may make `callsMax` calls,
 * ever.
 */
export function createLoadProject(callsMax: number, kept?: string): LoadProject {
  if (kept !== undefined) mkdirSync(kept, { recursive: true });
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'writ-soak-'));
  const budget = { name: 'calls', per: 'principal', unit: 'requests', limit: callsMax } as const;
  const config = join(folder, 'writ.yaml');
  // JSON is YAML.
  const document = { bundles: [{ name: 'tutorial', directory: TUTORIAL_BUNDLE }], budgets: [budget] };
  writeFileSync(config, JSON.stringify(document));
  return {
    folder,
    config,
    data: join(folder, 'data'),
    budget,
    remove: () => {
      if (kept === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
