import { nearestName } from '@writ/decision';
import { matchesName } from '../when.ts';
import type { ReadRegistry, ReadTool } from './registry-model.ts';
import {
  type Adapter,
  ANY_NAME,
  type AuthorizedAction,
  type ToolFacts,
  type WrittenCapability,
} from './registry-schema.ts';
import { areApart } from './told-apart.ts';
import { unreachablePatterns } from './unreachable.ts';

/** What is wrong with a description; `pointer` goes on from the described thing. */
export interface Finding {
  readonly message: string;
  readonly pointer: string;
  readonly help?: string;
}

/** The actions that an adapter can carry. */
const ACTIONS_OF: Readonly<Record<Adapter, readonly AuthorizedAction[]>> = {
  mcp: ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'],
  cli: ['tools/call'],
  http: ['tools/call', 'http/request'],
  openai_compat: ['model/inference'],
};

/** Fields that mean something to one kind of adapter. */
const ONLY_FOR: readonly {
  readonly field: keyof WrittenCapability;
  readonly adapters: readonly Adapter[];
}[] = [
  { field: 'servers', adapters: ['mcp', 'cli'] },
  { field: 'tools', adapters: ['mcp', 'cli', 'http'] },
  { field: 'programs', adapters: ['cli'] },
  { field: 'command', adapters: ['cli'] },
  { field: 'arguments', adapters: ['cli'] },
  { field: 'cwd', adapters: ['cli'] },
  { field: 'home', adapters: ['cli'] },
  { field: 'unknown_arguments', adapters: ['cli'] },
  { field: 'methods', adapters: ['http'] },
  { field: 'paths', adapters: ['http'] },
  { field: 'url', adapters: ['http'] },
  { field: 'method', adapters: ['http'] },
];

/** Rules that hold between the fields of one capability. */
export function checkCapability(written: WrittenCapability): Finding[] {
  return [
    ...missingFields(written),
    ...strangeFields(written, written.adapter, ''),
    ...Object.entries(written.tools?.describe ?? {}).flatMap(([tool, facts]) =>
      strangeFields(facts, written.adapter, `/tools/describe/${escaped(tool)}`),
    ),
    ...undescribable(written),
    ...checkAuthorization(written),
    ...unreachablePatterns(written),
  ];
}

function missingFields({ adapter, tools, endpoint, authorization }: WrittenCapability): Finding[] {
  if ((adapter === 'mcp' || adapter === 'cli') && tools === undefined) {
    return [{ message: `adapter \`${adapter}\` needs \`tools.allow\``, pointer: '', help: 'name the tools' }];
  }
  if (adapter === 'http' && endpoint === undefined) {
    const message = 'adapter `http` needs an `endpoint`: it says which requests are meant';
    return [{ message, pointer: '', help: 'such as `endpoint: https://api.example.org/v1`' }];
  }
  if (adapter === 'openai_compat' && authorization?.resource === undefined) {
    const message = 'adapter `openai_compat` needs `authorization.resource`: it says which models are meant';
    return [{ message, pointer: '', help: 'such as `resource: "groq/*"`, provider and model' }];
  }
  return [];
}

function strangeFields(written: ToolFacts | WrittenCapability, adapter: Adapter, at: string): Finding[] {
  return ONLY_FOR.filter(
    ({ field, adapters }) =>
      (written as WrittenCapability)[field] !== undefined && !adapters.includes(adapter),
  ).map(({ field, adapters }) => ({
    message: `\`${field}\` means nothing to adapter \`${adapter}\``,
    pointer: `${at}/${field}`,
    help: `it is for ${adapters.map((name) => `\`${name}\``).join(', ')}`,
  }));
}

function undescribable({ tools }: WrittenCapability): Finding[] {
  const allowed = tools?.allow ?? [];
  if (allowed.includes(ANY_NAME)) return [];
  return Object.keys(tools?.describe ?? {})
    .filter((tool) => !allowed.includes(tool))
    .map((tool) => {
      const near = nearestName(tool, allowed);
      return {
        message: `tool \`${tool}\` is described and not in \`tools.allow\``,
        pointer: `/tools/describe/${escaped(tool)}`,
        help: near === undefined ? 'add it there' : `did you mean \`${near}\`?`,
      };
    });
}

function checkAuthorization({ adapter, authorization, tools }: WrittenCapability): Finding[] {
  const findings: Finding[] = [];
  const { action, resource } = authorization ?? {};
  if (action !== undefined && !ACTIONS_OF[adapter].includes(action)) {
    findings.push({
      message: `adapter \`${adapter}\` cannot carry \`${action}\``,
      pointer: '/authorization/action',
      help: `one of ${ACTIONS_OF[adapter].map((name) => `\`${name}\``).join(', ')}`,
    });
  }
  if (resource === undefined || (adapter !== 'mcp' && adapter !== 'cli')) return findings;
  const outside = (tools?.allow ?? []).filter(
    (tool) => tool !== ANY_NAME && !matchesName(resource, `${adapter}/${tool}`),
  );
  for (const tool of outside) {
    findings.push({
      message: `tool \`${tool}\` is allowed, and \`${resource}\` does not cover \`${adapter}/${tool}\``,
      pointer: '/authorization/resource',
      help: `such as \`${adapter}/*\``,
    });
  }
  return findings;
}

/** One tool that two descriptions of a bundle are about: allowed only where program or URL tells them apart. */
export function checkDescribedTools({ capabilities, tools }: ReadRegistry): Finding[] {
  const byId = new Map(capabilities.map(({ capability }) => [capability.id, capability]));
  const isTold = (one: ReadTool, other: ReadTool): boolean => {
    const [left, right] = [byId.get(one.capability), byId.get(other.capability)];
    return left !== undefined && right !== undefined && areApart(left, right);
  };
  const seen = new Map<string, ReadTool[]>();
  return tools.flatMap((entry) => {
    const key = JSON.stringify([entry.server, entry.tool]);
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, entry]);
    const before = others.find((other) => !isTold(other, entry));
    if (before === undefined) return [];
    return [
      {
        message: `tool \`${entry.tool}\`${entry.server === ANY_NAME ? '' : ` of server \`${entry.server}\``} is described by \`${before.capability}\` too`,
        pointer: entry.pointer,
        help: 'leave it in one of them, or tell `cli` capabilities apart by `programs`',
      },
    ];
  });
}

function escaped(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}
