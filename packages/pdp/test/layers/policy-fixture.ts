import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BundleSource } from '@writ/bundle';
import type { DecisionRequest } from '@writ/decision';
import { onTestFinished } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { renderLoadFailure } from '../../src/layers/load-failure.ts';
import { loadPolicies } from '../../src/layers/load-policies.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';

/** An entrypoint as a manifest writes it. */
export interface WrittenEntrypoint {
  readonly path: string;
  readonly kind: string;
  readonly layer?: string;
  readonly profile?: string;
  readonly when?: object;
  readonly mode?: string;
}

/** A bundle's files: one module, its entrypoints, its data. */
export interface WrittenBundle {
  readonly rego: string;
  readonly entrypoints: readonly WrittenEntrypoint[];
  readonly data?: object;
  readonly roots?: readonly string[];
  readonly regoVersion?: 0 | 1;
  /** What the manifest says of the bundle, beside its entrypoints. */
  readonly writ?: object;
  /** Further modules. */
  readonly files?: Readonly<Record<string, string>>;
}

export function writeBundle(folder: string, bundle: WrittenBundle): void {
  mkdirSync(folder, { recursive: true });
  const found = /^package\s+([a-z_]+)/m.exec(bundle.rego)?.[1] ?? 'agent';
  const roots = bundle.roots ?? [found, ...Object.keys(bundle.data ?? {}).filter((key) => key !== found)];
  const manifest = {
    roots,
    rego_version: bundle.regoVersion ?? 1,
    metadata: { writ: { ...bundle.writ, entrypoints: bundle.entrypoints } },
  };
  writeFileSync(join(folder, 'policy.rego'), bundle.rego);
  for (const [file, text] of Object.entries(bundle.files ?? {})) writeFileSync(join(folder, file), text);
  writeFileSync(join(folder, '.manifest'), JSON.stringify(manifest));
  if (bundle.data !== undefined) writeFileSync(join(folder, 'data.json'), JSON.stringify(bundle.data));
}

export function writeBundles(bundles: Readonly<Record<string, WrittenBundle>>): BundleSource[] {
  const folder = mkdtempSync(join(tmpdir(), 'writ-policies-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return Object.entries(bundles).map(([name, bundle]) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeBundle(path, bundle);
    return { kind: 'path', path, name };
  });
}

/** A policy set of these bundles, through the embedded engine unless another is given. */
export async function policiesOf(
  bundles: Readonly<Record<string, WrittenBundle>>,
  engine: Engine = createRegoEngine(),
): Promise<PolicySet> {
  const loaded = await loadPolicies(writeBundles(bundles), engine);
  if (!loaded.ok) throw new Error(renderLoadFailure(loaded));
  return loaded.set;
}

/** One grant and nothing else: the answer is the rule `x` of the given source. */
export function oneEntrypoint(
  rule: string,
  kind: string,
  more: Partial<WrittenEntrypoint> = {},
): Record<string, WrittenBundle> {
  return { tools: { rego: `package agent\n\n${rule}\n`, entrypoints: [{ path: 'agent/x', kind, ...more }] } };
}

export function requestOf(
  more: Partial<DecisionRequest> & { readonly action?: Partial<DecisionRequest['action']> } = {},
): DecisionRequest {
  return {
    principal: { id: 'user:ann', tenant: 'acme' },
    actor: { id: 'agent:helper' },
    ...more,
    action: {
      type: 'tool_call',
      phase: 'call',
      tool: 'read',
      server: 'files',
      args: { path: '/a' },
      ...more.action,
    },
  };
}

export const OPTIONS = { deadlineMs: 5_000, timeNs: 1_700_000_000_000_000_000n, phase: 'call' } as const;
