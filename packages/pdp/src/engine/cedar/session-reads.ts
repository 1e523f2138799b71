/**
 * What policies can read of `context.session`, which is what the decision point gathers from its state: the names below
 * it, or `all` where a policy takes the session as a whole. From Cedar's JSON form of policies.
 */
export function sessionReads(policies: readonly object[]): readonly string[] | 'all' {
  const names = new Set<string>();
  let isWhole = false;
  const note = (chain: readonly string[]): void => {
    const [first, second] = chain;
    if (first === undefined || (first === 'session' && second === undefined)) isWhole = true;
    else if (first === 'session') names.add(second!);
  };
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const chain = chainOf(node);
    if (chain !== undefined) {
      note(chain);
      return;
    }
    const asked = (node as { readonly has?: HasNode }).has;
    const base = asked === undefined ? undefined : chainOf(asked.left);
    if (asked !== undefined && base !== undefined) {
      const full = [...base, ...[asked.attr].flat()];
      // Whether there is a session at all says nothing about what is in it.
      if (full.length > 1 || full[0] !== 'session') note(full);
      return;
    }
    for (const member of Object.values(node)) visit(member);
  };
  for (const policy of policies) visit(policy);
  return isWhole ? 'all' : [...names].sort();
}

interface HasNode {
  readonly left: object;
  readonly attr: string | readonly string[];
}

interface AccessNode {
  readonly '.'?: { readonly left: object; readonly attr: string };
  readonly Var?: string;
}

/** `['session', 'turn_count']` for `context.session.turn_count`; undefined for what does not begin at `context`. */
function chainOf(node: object): readonly string[] | undefined {
  const { '.': access, Var: variable } = node as AccessNode;
  if (variable !== undefined) return variable === 'context' ? [] : undefined;
  if (access === undefined) return undefined;
  const left = chainOf(access.left);
  return left === undefined ? undefined : [...left, access.attr];
}
