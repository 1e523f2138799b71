import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, TUTORIAL } from '../first-light/section.ts';
import { decideByHand, TUTORIAL_INPUTS, type TutorialInput } from '../first-light/tutorial.ts';
import { type ReviewInput, reviewByHand } from './review/by-hand.ts';
import { REVIEW_INPUTS } from './review/inputs.ts';

/** A policy beside the function that a programmer would write in its place, and what both are asked. */
export interface Case {
  readonly name: string;
  /** Sources by file name. */
  readonly modules: Readonly<Record<string, string>>;
  /** Slash path of the rule that is asked. */
  readonly path: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly inputs: readonly unknown[];
  decide(input: unknown): unknown;
}

export function tutorialCase(): Case {
  return {
    name: 'tutorial',
    modules: { 'policy.rego': readFileSync(join(TUTORIAL, 'policy.rego'), 'utf8') },
    path: 'agent/tools/decision',
    data: {},
    inputs: TUTORIAL_INPUTS,
    decide: (input) => decideByHand(input as TutorialInput),
  };
}

interface SpiffeInput {
  readonly caller_spiffe_id: string;
  readonly tool_name: string;
}

/** A pattern and a set: what most policies on workload identities are made of. */
export function globCase(): Case {
  const text = `package spiffe

tools := {"web_search", "file_read", "summarise", "translate"}

default allow := false

allow if {
	glob.match("spiffe://fleet.example/agents/*/*", ["/"], input.caller_spiffe_id)
	input.tool_name in tools
}
`;
  const tools = new Set(['web_search', 'file_read', 'summarise', 'translate']);
  const pattern = /^spiffe:\/\/fleet\.example\/agents\/[^/]*\/[^/]*$/;
  const inputs: SpiffeInput[] = [];
  for (const name of ['researcher/one', 'analyst/two', 'researcher/one/more']) {
    for (const tool_name of ['web_search', 'translate', 'shell']) {
      inputs.push({ caller_spiffe_id: `spiffe://fleet.example/agents/${name}`, tool_name });
    }
  }
  return {
    name: 'glob and set',
    modules: { 'policy.rego': text },
    path: 'spiffe/allow',
    data: {},
    inputs,
    decide: (input) => {
      const { caller_spiffe_id, tool_name } = input as SpiffeInput;
      return pattern.test(caller_spiffe_id) && tools.has(tool_name);
    },
  };
}

/** Tools granted by the class in a workload's SPIFFE id: four modules, classes in data. */
export function spiffeCase(): Case {
  const folder = join(REPOSITORY, 'examples/spiffe/bundle');
  const names = ['authz.rego', 'budget.rego', 'identity.rego', 'models.rego', 'stepup.rego'];
  const data = JSON.parse(readFileSync(join(folder, 'data.json'), 'utf8')) as {
    readonly fleet: { readonly classes: Readonly<Record<string, { readonly tools: readonly string[] }>> };
  };
  const pattern = /^spiffe:\/\/fleet\.example\/agents\/([^/]*)\/[^/]*$/;
  const classes = new Map(Object.entries(data.fleet.classes));
  const inputs: (SpiffeInput & { readonly action: string })[] = [];
  for (const name of ['researcher/one', 'analyst/two', 'intern/three', 'researcher/one/more']) {
    for (const tool_name of ['web_search', 'database_read', 'send_email']) {
      const caller_spiffe_id = `spiffe://fleet.example/agents/${name}`;
      inputs.push({ caller_spiffe_id, tool_name, action: 'tools/call' });
    }
    inputs.push({
      caller_spiffe_id: `spiffe://fleet.example/agents/${name}`,
      tool_name: '',
      action: 'model/inference',
    });
  }
  return {
    name: 'spiffe',
    modules: Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')])),
    path: 'fleet/authz/allow',
    data,
    inputs,
    decide: (input) => {
      const { caller_spiffe_id, tool_name, action } = input as (typeof inputs)[number];
      const found = classes.get(pattern.exec(caller_spiffe_id)?.[1] ?? '');
      if (found === undefined) return false;
      return action === 'model/inference' || (action === 'tools/call' && found.tools.includes(tool_name));
    },
  };
}

/** Some 250 lines: sets of violations, comprehensions, helper functions, tables. */
export function reviewCase(): Case {
  return {
    name: 'review (250 lines)',
    modules: { 'policy.rego': readFileSync(join(import.meta.dirname, 'review/policy.rego'), 'utf8') },
    path: 'review/decision',
    data: {},
    inputs: REVIEW_INPUTS,
    decide: (input) => reviewByHand(input as ReviewInput),
  };
}

interface RuleInput {
  readonly tool: string;
  readonly role: string;
  readonly amount: number;
}

/** How many different inputs the cases with many rules or principals are asked about. */
const INPUTS = 64;

/** One rule a tool, as grants generated from a catalogue are. */
export function rulesCase(count: number): Case {
  const rules: string[] = ['package many\n\ndefault allow := false\n'];
  const table = new Map<string, { readonly role: string; readonly limit: number }>();
  for (let index = 0; index < count; index++) {
    const [tool, role, limit] = [`tool.${index}`, `role-${index % 7}`, index + 10];
    table.set(tool, { role, limit });
    rules.push(`allow if {
	input.tool == "${tool}"
	input.role == "${role}"
	input.amount <= ${limit}
}
`);
  }
  const inputs: RuleInput[] = Array.from({ length: INPUTS }, (_none, index) => {
    const rule = Math.floor((index * count) / INPUTS);
    // One of four is refused, each for another reason.
    const [tool, role, amount] = [`tool.${rule}`, `role-${rule % 7}`, rule];
    if (index % 12 === 3) return { tool: `${tool}.x`, role, amount };
    if (index % 12 === 7) return { tool, role: 'nobody', amount };
    return index % 12 === 11 ? { tool, role, amount: amount + 11 } : { tool, role, amount };
  });
  return {
    name: `${count.toLocaleString('en')} rules`,
    modules: { 'policy.rego': rules.join('\n') },
    path: 'many/allow',
    data: {},
    inputs,
    decide: (input) => {
      const { tool, role, amount } = input as RuleInput;
      const rule = table.get(tool);
      return rule !== undefined && rule.role === role && amount <= rule.limit;
    },
  };
}

interface RolesInput {
  readonly user: string;
  readonly action: string;
  readonly type: string;
}
interface RolesData {
  readonly users: Readonly<Record<string, { readonly roles: readonly string[] }>>;
  readonly grants: Readonly<Record<string, readonly { readonly action: string; readonly type: string }[]>>;
}

/** Roles of principals and grants of roles, both in data. */
export function rolesCase(principals: number): Case {
  const text = `package roles

default allow := false

allow if {
	some role in data.users[input.user].roles
	some grant in data.grants[role]
	grant.action == input.action
	grant.type == input.type
}
`;
  const users: Record<string, { roles: string[] }> = {};
  for (let index = 0; index < principals; index++) {
    users[`user-${index}`] = { roles: index % 3 === 0 ? ['reader', 'writer'] : ['reader'] };
  }
  const data: RolesData = {
    users,
    grants: {
      reader: [
        { action: 'read', type: 'order' },
        { action: 'read', type: 'invoice' },
      ],
      writer: [{ action: 'write', type: 'order' }],
    },
  };
  const inputs: RolesInput[] = Array.from({ length: INPUTS }, (_none, index) => ({
    user: `user-${Math.floor((index * principals) / INPUTS)}`,
    action: index % 2 === 0 ? 'read' : 'write',
    type: index % 5 === 4 ? 'invoice' : 'order',
  }));
  return {
    name: `roles, ${principals.toLocaleString('en')} principals`,
    modules: { 'policy.rego': text },
    path: 'roles/allow',
    data: { ...data },
    inputs,
    decide: (input) => {
      const { user, action, type } = input as RolesInput;
      for (const role of data.users[user]?.roles ?? []) {
        for (const grant of data.grants[role] ?? []) {
          if (grant.action === action && grant.type === type) return true;
        }
      }
      return false;
    },
  };
}
