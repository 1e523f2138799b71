import type { Bundle } from '../bundle.ts';
import { modeOf } from '../governance.ts';
import type { BundleProblem } from '../problem.ts';
import { endpointsMeet, patternsMeet } from './http-endpoint.ts';
import { readRegistry, registryOf } from './read-registry.ts';
import type { Capability, ReadTool, Registry, Tightening, ToolEntry } from './registry-model.ts';
import { ANY_NAME } from './registry-schema.ts';
import { areApart } from './told-apart.ts';

/**
 * The registry of several bundles together. Two that describe one capability or one (server, tool), by name or by `*`,
 * are a problem: which of them a decision went by would depend on order. Of a third party's entries only what makes a
 * decision stricter counts, since a description that says less than the truth would loosen; of a bundle that only
 * observes nothing does.
 */
export function buildRegistry(bundles: readonly Bundle[]): {
  readonly registry: Registry;
  readonly problems: readonly BundleProblem[];
} {
  const counted = bundles.filter((bundle) => modeOf(bundle) === 'enforce');
  const read = counted
    .filter(({ thirdParty }) => !thirdParty)
    .map(({ name, data }) => ({ name, ...readRegistry(name, registryOf(data)) }));
  const problems: BundleProblem[] = [];
  const capabilities = new Map<string, Capability>();
  for (const { name, capabilities: own } of read) {
    for (const { capability } of own) {
      const other = capabilities.get(capability.id);
      if (other !== undefined && other.bundle !== name)
        problems.push(
          conflict(name, `bundle \`${other.bundle}\` describes capability \`${capability.id}\` too`),
        );
      capabilities.set(capability.id, capability);
    }
  }
  const entries = read.flatMap(({ name, tools }) => tools.map((tool) => entryOf(name, tool, capabilities)));
  problems.push(...toolConflicts(entries));
  const all = [...capabilities.values()];
  const http = all.filter(({ adapter }) => adapter === 'http');
  const models = all.filter(({ adapter }) => adapter === 'openai_compat');
  problems.push(
    ...pairConflicts(http, endpointsMeet, 'requests'),
    ...pairConflicts(models, modelsMeet, 'models'),
  );
  return {
    registry: {
      capabilities,
      tools: byServerAndTool(entries),
      http,
      models: models.toSorted((left, right) => patternOf(right).length - patternOf(left).length),
      tightenings: counted.flatMap(tighteningsOf),
    },
    problems,
  };
}

function conflict(bundle: string, message: string): BundleProblem {
  return { code: 'registry_conflict', message, bundle };
}

/** A tool with its capability; one that nobody declares is no more than its name. */
function entryOf(bundle: string, tool: ReadTool, capabilities: ReadonlyMap<string, Capability>): ToolEntry {
  const declared = capabilities.get(tool.capability) ?? undeclared(bundle, tool.capability);
  const stepUpMethod = tool.stepUpMethod ?? declared.stepUpMethod;
  const capability: Capability = {
    ...declared,
    stepUp: declared.stepUp || tool.stepUp === true,
    ...(stepUpMethod === undefined ? {} : { stepUpMethod }),
  };
  return {
    server: tool.server,
    tool: tool.tool,
    bundle,
    capability,
    facts: { ...declared.facts, ...tool.facts },
  };
}

function undeclared(bundle: string, id: string): Capability {
  return { id, bundle, adapter: 'mcp', stepUp: false, servers: [], tools: [], facts: {} };
}

function toolConflicts(entries: readonly ToolEntry[]): BundleProblem[] {
  return entries.flatMap((entry, index) => {
    const other = entries
      .slice(0, index)
      .find(
        (earlier) =>
          earlier.bundle !== entry.bundle &&
          meets(earlier.server, entry.server) &&
          meets(earlier.tool, entry.tool) &&
          !areApart(earlier.capability, entry.capability),
      );
    if (other === undefined) return [];
    const what = `tool \`${entry.tool}\` of server \`${entry.server}\``;
    return [conflict(entry.bundle, `bundle \`${other.bundle}\` describes ${what} too`)];
  });
}

function meets(left: string, right: string): boolean {
  return left === right || left === ANY_NAME || right === ANY_NAME;
}

function pairConflicts(
  capabilities: readonly Capability[],
  meet: (left: Capability, right: Capability) => boolean,
  what: string,
): BundleProblem[] {
  return capabilities.flatMap((capability, index) => {
    const other = capabilities.slice(0, index).find((earlier) => meet(earlier, capability));
    if (other === undefined) return [];
    const message = `capability \`${other.id}\` of bundle \`${other.bundle}\` and \`${capability.id}\` share ${what}`;
    return [conflict(capability.bundle, message)];
  });
}

/** Within one bundle the longer pattern goes first; between two bundles none may. */
function modelsMeet(left: Capability, right: Capability): boolean {
  const [one, other] = [patternOf(left), patternOf(right)];
  return one === other || (left.bundle !== right.bundle && patternsMeet(one, other));
}

function patternOf({ authorization }: Capability): string {
  return authorization?.resource ?? '';
}

function byServerAndTool(entries: readonly ToolEntry[]): Registry['tools'] {
  const servers = new Map<string, Map<string, ToolEntry[]>>();
  for (const entry of entries) {
    const tools = servers.get(entry.server) ?? new Map<string, ToolEntry[]>();
    tools.set(entry.tool, [...(tools.get(entry.tool) ?? []), entry]);
    servers.set(entry.server, tools);
  }
  return servers;
}

/** A third party speaks for tools of servers that it names. */
function tighteningsOf(bundle: Bundle): Tightening[] {
  if (!bundle.thirdParty) return [];
  const { capabilities, tools } = readRegistry(bundle.name, registryOf(bundle.data));
  const byId = new Map(capabilities.map(({ capability }) => [capability.id, capability]));
  return tools
    .filter(({ server }) => server !== ANY_NAME)
    .map((tool) => {
      const { capability, facts } = entryOf(bundle.name, tool, byId);
      const { server, tool: name } = tool;
      return { server, tool: name, bundle: bundle.name, capability, dataClasses: facts.data_classes ?? [] };
    });
}
