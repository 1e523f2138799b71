import type { Bundle, BundleProblem } from '@writ/bundle';
import type { EntrypointKind } from '@writ/decision';
import type { Policy, ValueKind } from '@writ/rego';

/** What an answer of each kind can be; anything else is `policy_unknown_shape`, or means the same each time. */
const ANSWERS: Readonly<Record<EntrypointKind, readonly ValueKind[]>> = {
  grant: ['array', 'boolean', 'object', 'set', 'string'],
  guard: ['array', 'boolean', 'object', 'set', 'string'],
  violations: ['array', 'object', 'set'],
  capabilities: ['object'],
  overrides: ['array', 'object', 'set'],
  visible: ['array', 'boolean', 'object', 'set', 'string'],
  approvers: ['array', 'object', 'set'],
};

const MEND: Readonly<Record<EntrypointKind, string>> = {
  grant: 'let it be true, an outcome such as "escalate", or an object with `allow`',
  guard: 'let it be true, false, an outcome such as "deny", or an object with `allow`',
  violations: 'let it be the set of what is wrong: `deny contains message if …`',
  capabilities: 'let it be an object: `{"known": true, "capabilities": […]}`',
  overrides: 'let it be an object: `{"lift": […]}`',
  visible: 'let it be true or false',
  approvers: 'let it be an object or a set that names approvers',
};

/** Entrypoints whose rules can, by their types, never give an answer that their kind has a meaning for. */
export function misfits(bundle: Bundle, policy: Policy): BundleProblem[] {
  return bundle.entrypoints.flatMap(({ path, kind }) => {
    const kinds = policy.kindsOf(path);
    if (kinds === undefined || kinds.some((each) => ANSWERS[kind].includes(each))) return [];
    return [
      {
        code: 'entrypoint_invalid',
        message: `entrypoint \`${path}\` of kind \`${kind}\` can only be ${listed(kinds)}, which no \`${kind}\` answers with`,
        bundle: bundle.name,
        ...placeOf(policy, path),
        help: MEND[kind],
      },
    ];
  });
}

/** Where the rule of an entrypoint stands. */
export function placeOf(policy: Policy, path: string): Pick<BundleProblem, 'file' | 'row' | 'column'> {
  for (const module of policy.modules) {
    const own = module.package.path.join('/');
    const rule = module.rules.find(({ head }) => {
      const names = head.ref.flatMap((term) => (term.kind === 'string' ? [term.value] : []));
      return [own, ...names].join('/') === path;
    });
    if (rule === undefined) continue;
    const { file, row, column } = rule.location;
    return { file, row, column };
  }
  return {};
}

function listed(kinds: readonly ValueKind[]): string {
  return kinds
    .map((kind) => (kind === 'array' || kind === 'object' ? `an ${kind}` : `a ${kind}`))
    .join(' or ');
}
