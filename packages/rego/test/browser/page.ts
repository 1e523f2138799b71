/** What runs in the browser: the engine, and the runner of OPA's cases. Bundled by `bundle.ts`. */
import type { LocatedCase } from '@writ/testing';
import type { NetworkHost } from '../../src/index.ts';
import { compilePolicy } from '../../src/index.ts';
import type { CaseOutcome } from '../support/corpus-case.ts';
import { runCaseOn } from '../support/corpus-case.ts';

/** The page reaches nothing but its own server. */
const REFUSED = { kind: 'failure', cause: 'internal', message: 'no network' } as const;
const NO_NETWORK: NetworkHost = {
  send: () => Promise.resolve(REFUSED),
  lookup: () => Promise.resolve(REFUSED),
};

/** How the browser's run of one version of the corpus ended. */
export interface PageReport {
  readonly outcomes: readonly CaseOutcome[];
  /** What policies run on by default there. */
  readonly backend: string;
  /** Whether the page could make code from text after all. */
  readonly madeCode: boolean;
}

function canMakeCode(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
}

async function runCorpus(corpus: 'v0' | 'v1'): Promise<PageReport> {
  const response = await fetch(`/cases/${corpus}`);
  const cases = (await response.json()) as readonly LocatedCase[];
  const ground = { compile: compilePolicy, network: NO_NETWORK, host: {} };
  const outcomes: CaseOutcome[] = [];
  for (const one of cases) outcomes.push(await runCaseOn(ground, one.case, corpus === 'v0' ? 0 : 1));
  const backend = compilePolicy([{ file: 'a.rego', text: 'package a\n\np := 1\n' }]).policy!.backend;
  return { outcomes, backend, madeCode: canMakeCode() };
}

Object.assign(globalThis, { runCorpus });
