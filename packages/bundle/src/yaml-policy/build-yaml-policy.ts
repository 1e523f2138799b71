import type { BundleProblem } from '../problem.ts';
import type { ArchiveFile } from '../write-archive.ts';
import { emitRego } from './emit-rego.ts';
import { emitTests } from './emit-tests.ts';
import { readYamlPolicy } from './read.ts';
import { rulesOf } from './rules.ts';
import type { YamlPolicy } from './schema.ts';

export type YamlBuildResult =
  | { readonly ok: true; readonly policy: YamlPolicy; readonly files: readonly ArchiveFile[] }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

/**
 * Makes a bundle of a policy in YAML: `policy.rego` to read, `data.json` with its figures, `.manifest` with its
 * entrypoints, and `policy_test.rego` with its examples as tests. The same text gives the same files.
 */
export function buildYamlPolicy(text: string, file: string): YamlBuildResult {
  const read = readYamlPolicy(text, file);
  if (!read.ok) return read;
  const { policy } = read;
  const name = policy.name ?? 'policy';
  const { module, parameters } = emitRego(policy, name, file, read.rowOf);
  const data = {
    [name]: { parameters },
    ...(policy.budgets === undefined ? {} : { writ: { budgets: policy.budgets } }),
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    ok: true,
    policy,
    files: [
      { path: '.manifest', text: json(manifestOf(policy, name)) },
      { path: 'data.json', text: json(data) },
      { path: 'policy.rego', text: module },
      { path: 'policy_test.rego', text: emitTests(policy, name, file) },
    ],
  };
}

/** A policy is asked about the tools that it names, so that it denies none of those that others are about. */
function manifestOf(policy: YamlPolicy, name: string): object {
  const rules = rulesOf(policy);
  const tools = rules.flatMap(({ target }) => (target.kind === 'tool' ? [target.tool.name] : []));
  const named = [...new Set(tools.filter((tool) => tool !== undefined))].sort();
  const isForAll = tools.includes(undefined);
  const denied = policy.denied_tools?.map((tool) => tool.name) ?? [];
  const also = (policy.agents ?? []).flatMap((agent) => (agent.denied_tools ?? []).map((tool) => tool.name));
  const all = [...new Set([...named, ...denied, ...also])].sort();
  const entrypoints = [
    ...(tools.length === 0 && all.length === 0
      ? []
      : [
          {
            path: `${name}/decision`,
            kind: 'grant',
            when: { types: ['tool_call'], ...(isForAll ? {} : { tools: all }) },
          },
        ]),
    ...(rules.some(({ target }) => target.kind === 'model')
      ? [{ path: `${name}/model_decision`, kind: 'grant', when: { types: ['model_inference'] } }]
      : []),
  ];
  return {
    roots: [name, ...(policy.budgets === undefined ? [] : ['writ/budgets'])],
    metadata: { writ: { entrypoints } },
  };
}
