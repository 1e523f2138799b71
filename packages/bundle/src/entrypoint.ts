import { ENTRYPOINT_KINDS, type EntrypointKind, LAYERS, type Layer, nearestName } from '@writ/decision';
import type { Entrypoint } from './bundle.ts';
import { checkEntrypoint, completeEntrypoint } from './manifest.ts';
import type { BundleProblem } from './problem.ts';

export type EntrypointResult =
  | { readonly ok: true; readonly entrypoint: Entrypoint }
  | { readonly ok: false; readonly problem: BundleProblem };

/**
 * Reads `--entrypoint PATH[,kind=KIND][,layer=LAYER][,profile=PROFILE]`. The path may be written as the data API
 * takes it (`agent/tools/decision`) or as Rego does (`data.agent.tools.decision`).
 */
export function parseEntrypoint(option: string): EntrypointResult {
  const [written = '', ...settings] = option.split(',').map((part) => part.trim());
  const path = written.startsWith('data.')
    ? written.slice('data.'.length).replaceAll('.', '/')
    : written.replace(/^\/+|\/+$/g, '');
  if (!/^[^/\s]+(\/[^/\s]+)+$/.test(path))
    return refuse(`\`${written}\` is no path of a rule`, 'write it as `agent/tools/decision`');
  const fields: { kind?: EntrypointKind; layer?: Layer; profile?: string } = {};
  for (const setting of settings) {
    const [key = '', value = ''] = setting.split('=', 2);
    if (key === 'kind' && isOneOf(ENTRYPOINT_KINDS, value)) fields.kind = value;
    else if (key === 'layer' && isOneOf(LAYERS, value)) fields.layer = value;
    else if (key === 'profile' && value !== '') fields.profile = value;
    else return refuseSetting(key, value);
  }
  const entrypoint = completeEntrypoint(path, fields);
  const problem = checkEntrypoint(entrypoint)[0];
  return problem === undefined ? { ok: true, entrypoint } : { ok: false, problem };
}

function refuseSetting(key: string, value: string): EntrypointResult {
  const known = ['kind', 'layer', 'profile'];
  const values = key === 'kind' ? ENTRYPOINT_KINDS : key === 'layer' ? LAYERS : [];
  if (!known.includes(key)) {
    const nearest = nearestName(key, known);
    return refuse(
      `unknown setting \`${key}\``,
      nearest === undefined ? 'one of `kind`, `layer`, `profile`' : `did you mean \`${nearest}\`?`,
    );
  }
  const nearest = nearestName(value, values);
  return refuse(
    `\`${value}\` is no ${key}`,
    nearest === undefined ? `one of ${values.join(', ')}` : `did you mean \`${nearest}\`?`,
  );
}

function refuse(message: string, help: string): EntrypointResult {
  return { ok: false, problem: { code: 'entrypoint_invalid', message, help } };
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return (values as readonly string[]).includes(value);
}
